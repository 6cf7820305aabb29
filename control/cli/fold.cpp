#include "control/cli/fold.h"

#include <algorithm>

namespace switchyard::control::cli {
namespace {

constexpr std::size_t kHanging = 4;

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

// The octets of the first so many characters.
std::size_t octets(std::string_view text, std::size_t characters) {
    for (std::size_t i = 0; i < text.size(); ++i)
        if (begins_character(text[i]) && characters-- == 0) return i;
    return text.size();
}

}  // namespace

std::vector<std::string> folded(std::string_view line, std::size_t columns) {
    if (columns == 0 || width(line) <= columns) return {std::string(line)};
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    // In a window that has no room for it nothing hangs.
    const std::size_t hanging = indent + kHanging < columns / 2 ? indent + kHanging : 0;
    std::vector<std::string> out{std::string(std::min(indent, columns / 2), ' ')};
    bool begun = false;  // the last of `out` has a word
    line.remove_prefix(indent);
    while (!line.empty()) {
        const auto end = std::min(line.find(' '), line.size());
        auto word = line.substr(0, end);
        line.remove_prefix(std::min(line.find_first_not_of(' ', end), line.size()));
        if (begun && width(out.back()) + 1 + width(word) > columns) {
            out.emplace_back(hanging, ' ');
            begun = false;
        }
        if (begun) out.back() += ' ';
        const std::size_t room = columns - std::min(columns - 1, width(out.back()));
        out.back() += word.substr(0, octets(word, room));
        begun = true;
    }
    return out;
}

}  // namespace switchyard::control::cli
