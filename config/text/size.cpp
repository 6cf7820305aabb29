#include "config/text/size.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace switchyard::config {

namespace {

struct SizeUnit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array<SizeUnit, 5> kSizeUnits{
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text, std::string* why) {
    const auto refuse = [&](std::string_view reason) {
        if (why) *why = reason;
        return std::nullopt;
    };
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) return refuse("the size is too large");
    if (error != std::errc{}) return refuse("expected a size such as \"16KiB\" or \"8MiB\", or a number of bytes");
    const std::string_view letters = text.substr(static_cast<std::size_t>(end - text.data()));
    if (letters.empty()) return number;
    for (const auto& unit : kSizeUnits) {
        if (unit.name != letters) continue;
        if (number > std::numeric_limits<std::uint64_t>::max() / unit.bytes) return refuse("the size is too large");
        return number * unit.bytes;
    }
    return refuse("expected one of the units B, KiB, MiB, GiB, TiB (powers of 1024)");
}

std::string size_text(std::uint64_t bytes) {
    if (bytes == 0) return "0B";
    for (const auto& unit : kSizeUnits)
        if (bytes % unit.bytes == 0) return fmt::format("{}{}", bytes / unit.bytes, unit.name);
    return {};  // not reached: every count is a multiple of one byte
}

}  // namespace switchyard::config
