// Kinds of answers that are no failure of an endpoint and may all the same be what a bad release gives every client.
//
// An answer is of one kind at most. 304 is ordinary: it says that what the client has is good. `cut` is a failure, too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchyard {

enum class AnswerKind : std::uint8_t {
    unauthorized,  // 401, 403
    not_found,     // 404
    limited,       // 429
    other_4xx,
    redirect,  // 3xx but 304
    empty,     // 2xx but 204 and 205, not to HEAD, without an octet of body
    cut,       // ended before its body did
    ordinary,  // none of these
};
inline constexpr std::size_t kAnswerKinds = static_cast<std::size_t>(AnswerKind::ordinary);

using AnswerCounts = std::array<std::uint64_t, kAnswerKinds>;

struct AnswerWords {
    std::string_view name;  // in the API
    std::string_view said;  // "… of … requests were SAID"
};
inline constexpr std::array<AnswerWords, kAnswerKinds> kAnswerWords{{
    {"unauthorized", "answered 401 or 403"},
    {"not_found", "answered 404"},
    {"limited", "answered 429"},
    {"other_4xx", "answered 4xx other than 401, 403, 404 and 429"},
    {"redirects", "answered with a redirect"},
    {"empty", "answered without a body"},
    {"cut", "cut in the middle of the answer"},
}};

// By its status alone.
constexpr AnswerKind answer_of(unsigned status) {
    if (status < 300) return AnswerKind::ordinary;  // nearly all
    if (status == 401 || status == 403) return AnswerKind::unauthorized;
    if (status == 404) return AnswerKind::not_found;
    if (status == 429) return AnswerKind::limited;
    if (status >= 400 && status < 500) return AnswerKind::other_4xx;
    if (status < 400 && status != 304) return AnswerKind::redirect;
    return AnswerKind::ordinary;
}

}  // namespace switchyard
