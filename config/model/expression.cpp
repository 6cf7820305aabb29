#include "config/model/expression.h"

#include <algorithm>
#include <array>

namespace switchyard::config {
namespace {

// Of one compiled expression with the states that values lead it to; what needs more is slower, not wrong.
constexpr std::int64_t kMemory = 1 << 20;

constexpr std::size_t kMostTaken = 10;  // the whole match and nine groups, as texts can name them

std::unique_ptr<const re2::RE2> made_of(std::string_view pattern, bool groups, std::string* why) {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_never_capture(!groups);
    options.set_max_mem(kMemory);
    auto out = std::make_unique<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (out->ok()) return out;
    if (why != nullptr) *why = out->error();
    return nullptr;
}

}  // namespace

std::unique_ptr<const re2::RE2> expression_of(std::string_view pattern, std::string* why) {
    return made_of(pattern, false, why);
}

std::unique_ptr<const re2::RE2> grouping_expression_of(std::string_view pattern) {
    return made_of(pattern, true, nullptr);
}

unsigned groups_of(std::string_view pattern) {
    const auto expression = grouping_expression_of(pattern);
    return expression ? static_cast<unsigned>(expression->NumberOfCapturingGroups()) : 0;
}

bool take_groups(const re2::RE2& expression, std::string_view value, std::span<std::string_view> into) {
    std::array<re2::StringPiece, kMostTaken> taken;
    const auto asked =
        std::min({into.size(), taken.size(), static_cast<std::size_t>(expression.NumberOfCapturingGroups()) + 1});
    const re2::StringPiece text(value.data(), value.size());
    if (!expression.Match(text, 0, text.size(), re2::RE2::UNANCHORED, taken.data(), static_cast<int>(asked)))
        return false;
    for (std::size_t i = 0; i < asked; ++i)
        into[i] = taken[i].data() == nullptr ? std::string_view{} : std::string_view(taken[i].data(), taken[i].size());
    return true;
}

bool found_in(const re2::RE2& expression, std::string_view value) {
    const re2::StringPiece text(value.data(), value.size());
    return expression.Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

}  // namespace switchyard::config
