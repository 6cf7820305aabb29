#include "config/nginx_import/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

#include "config/model/limits.h"

namespace switchyard::config::nginx {

namespace {

// The number at the start of `text`, which it is taken from.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

}  // namespace

std::optional<std::chrono::milliseconds> time_value(std::string_view text) {
    constexpr std::uint64_t kSecond = 1000;
    constexpr std::uint64_t kMost = static_cast<std::uint64_t>(limits::kDuration) * 1000;
    std::uint64_t total = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number || *number > kMost) return std::nullopt;
        std::uint64_t unit = kSecond;
        if (text.starts_with("ms")) {
            unit = 1;
            text.remove_prefix(2);
        } else if (!text.empty()) {
            switch (text[0]) {
                case 's':
                    break;
                case 'm':
                    unit = 60 * kSecond;
                    break;
                case 'h':
                    unit = 3600 * kSecond;
                    break;
                case 'd':
                    unit = 86'400 * kSecond;
                    break;
                case 'w':
                    unit = 7 * 86'400 * kSecond;
                    break;
                default:
                    return std::nullopt;
            }
            text.remove_prefix(1);
        }
        while (text.starts_with(' ')) text.remove_prefix(1);
        total += *number * unit;
        if (total > kMost) return std::nullopt;
    }
    return std::chrono::milliseconds(total);
}

std::optional<std::uint64_t> size_value(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    unsigned shift = 0;
    if (text == "k" || text == "K")
        shift = 10;
    else if (text == "m" || text == "M")
        shift = 20;
    else if (text == "g" || text == "G")
        shift = 30;
    else if (!text.empty())
        return std::nullopt;
    if (*number > (static_cast<std::uint64_t>(limits::kBytes) >> shift)) return std::nullopt;
    return *number << shift;
}

std::optional<std::uint32_t> number_value(std::string_view text) {
    const auto number = take_number(text);
    if (!number || !text.empty() || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::string fresh_name(std::string_view wish, std::set<std::string>& taken) {
    std::string name;
    bool replaced = false;  // the '-' at the end stands for something else
    for (const char c : wish) {
        const auto u = static_cast<unsigned char>(c);
        const bool letter = u < 0x80 && std::isalnum(u) != 0;
        const bool mark = c == '.' || c == '_' || (c == '-' && !replaced);
        if (letter || (mark && !name.empty())) {
            name += c;
            replaced = false;
        } else if (!name.empty() && name.back() != '-') {
            name += '-';
            replaced = true;
        }
    }
    while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
    constexpr std::size_t kRoomForNumber = 8;
    if (name.size() > limits::kNameLength - kRoomForNumber) name.resize(limits::kNameLength - kRoomForNumber);
    if (name.empty()) name = "x";
    std::string unique = name;
    for (int number = 2; !taken.insert(unique).second; ++number) unique = fmt::format("{}-{}", name, number);
    return unique;
}

std::optional<std::string> option(const std::string& word, std::string_view key) {
    if (!word.starts_with(key) || word.size() <= key.size() || word[key.size()] != '=') return std::nullopt;
    return word.substr(key.size() + 1);
}

std::optional<std::string> file_in(const std::filesystem::path& folder, const Directive* directive) {
    const std::string path = directive == nullptr ? "" : directive->arg(0);
    if (path.empty() || path.find('$') != path.npos || path.starts_with("data:") || path.starts_with("engine:"))
        return std::nullopt;
    std::string out = (folder / path).lexically_normal().string();  // an absolute path stays itself
    while (out.size() > 1 && out.ends_with('/')) out.pop_back();
    return out;
}

}  // namespace switchyard::config::nginx
