#include "config/model/expression.h"

namespace switchyard::config {
namespace {

// Of one compiled expression with the states that values lead it to; what needs more is slower, not wrong.
constexpr std::int64_t kMemory = 1 << 20;

}  // namespace

std::unique_ptr<const re2::RE2> expression_of(std::string_view pattern, std::string* why) {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(kMemory);
    auto out = std::make_unique<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (out->ok()) return out;
    if (why != nullptr) *why = out->error();
    return nullptr;
}

bool found_in(const re2::RE2& expression, std::string_view value) {
    const re2::StringPiece text(value.data(), value.size());
    return expression.Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

}  // namespace switchyard::config
