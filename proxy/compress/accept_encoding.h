// What a client takes, by its Accept-Encoding (RFC 9110 §12.5.3). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "config/model/compress.h"

namespace switchyard::compress {

class AcceptEncoding {
  public:
    // A member of the list: "gzip", "br;q=0.5", "*;q=0". What is malformed is not taken; of what is said twice the
    // lesser holds.
    void add(std::string_view member);
    // Of these the one that the client likes best and better than no coding at all; among equals the first. Nothing:
    // the answer goes as it is.
    std::optional<config::Encoding> choose(std::span<const config::Encoding> offered) const;

  private:
    static constexpr int kUnsaid = -1;
    static constexpr int kFull = 1000;  // thousandths, as the grammar has them

    // A quality, in thousandths.
    void note(int& place, int quality) { place = place == kUnsaid ? quality : (quality < place ? quality : place); }
    int quality(config::Encoding encoding) const;

    std::array<int, 3> said_{kUnsaid, kUnsaid, kUnsaid};  // by Encoding
    int identity_ = kUnsaid, others_ = kUnsaid;           // others: "*"
};

}  // namespace switchyard::compress
