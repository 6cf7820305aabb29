// The Prometheus text format (version 0.0.4): families of samples with escaped labels.
//
// Invariants: the samples of a family stand together under one HELP and TYPE line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::control {

class Exposition {
  public:
    using Labels = std::vector<std::pair<std::string_view, std::string>>;

    // Begins a family; type is counter, gauge or histogram.
    void family(std::string_view name, std::string_view type, std::string_view help);
    void sample(const Labels& labels, std::uint64_t value) { sample("", labels, std::to_string(value)); }
    void sample(const Labels& labels, double value);
    // For histograms: suffix _bucket, _sum or _count.
    void sample(std::string_view suffix, const Labels& labels, const std::string& value);

    std::string take() { return std::move(text_); }

  private:
    std::string name_;
    std::string text_;
};

}  // namespace switchyard::control
