#include "config/text/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace switchyard::config {

namespace {

constexpr std::size_t kMaxListed = 24;    // longer lists stop helping and fill the screen
constexpr std::size_t kMaxCompared = 64;  // distance is quadratic; longer words are no slips of the fingers

char lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    const std::size_t width = b.size() + 1;
    std::vector<std::size_t> two_up(width), up(width), row(width);
    for (std::size_t j = 0; j < width; ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        two_up.swap(up);
        up.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j < width; ++j) {
            const std::size_t replaced = up[j - 1] + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
            row[j] = std::min({up[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], two_up[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known) {
    if (word.empty() || word.size() > kMaxCompared) return std::nullopt;
    std::size_t best = std::max<std::size_t>(1, (word.size() + 1) / 3) + 1;
    std::optional<std::string> found;
    for (const auto& candidate : known) {
        if (candidate.size() > kMaxCompared) continue;
        const std::size_t distance = edit_distance(word, candidate);
        // A word that shares nothing is no suggestion, however short both are.
        if (distance >= best || distance >= std::max(word.size(), candidate.size())) continue;
        best = distance;
        found = candidate;
    }
    return found;
}

std::string unknown_word(std::string_view word, std::span<const std::string> known) {
    if (const auto close = nearest(word, known)) return fmt::format("\"{}\"; did you mean \"{}\"?", word, *close);
    if (known.empty()) return fmt::format("\"{}\"; there is none", word);
    if (known.size() > kMaxListed) return fmt::format("\"{}\"", word);
    return fmt::format("\"{}\"; known here: {}", word, fmt::join(known, ", "));
}

}  // namespace switchyard::config
