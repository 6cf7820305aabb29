// The names of the releases a response may come from, as small numbers: 0 not told, 1 … n the names given,
// kOther a name that was not announced. Immutable once a run has started, so every thread may read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yardbench {

class Colours {
  public:
    static constexpr std::uint8_t kOther = 255;

    Colours() = default;
    explicit Colours(std::vector<std::string> names) : names_(std::move(names)) {}

    std::uint8_t id(std::string_view name) const {
        for (std::size_t i = 0; i < names_.size(); ++i)
            if (names_[i] == name) return static_cast<std::uint8_t>(i + 1);
        return kOther;
    }
    std::string_view name(std::uint8_t id) const {
        if (id == 0) return "none";
        return id <= names_.size() ? std::string_view(names_[id - 1U]) : std::string_view("other");
    }
    std::size_t size() const { return names_.size(); }

  private:
    std::vector<std::string> names_;
};

}  // namespace yardbench
