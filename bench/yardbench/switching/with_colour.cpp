#include "bench/yardbench/switching/switcher.h"

namespace yardbench {

std::string with_colour(const std::string& text, const std::string& colour) {
    constexpr std::string_view kMark = "{to}";
    std::string out = text;
    for (std::size_t at = 0; (at = out.find(kMark, at)) != std::string::npos; at += colour.size())
        out.replace(at, kMark.size(), colour);
    return out;
}

}  // namespace yardbench
