#include "config/nginx_import/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

#include "config/model/cidr.h"
#include "config/model/expression.h"
#include "config/model/limits.h"

namespace switchyard::config::nginx {

namespace {

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
char to_upper(char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}
char to_lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Escapes that mean the same in both dialects.
constexpr std::string_view kSharedEscapes = "dDwWsSbBnrtfv0123456789.*+?()[]{}|^$\\/-~!@#%&=:;,<>'\"_ ";

class Translator {
  public:
    Translator(std::string_view pattern, bool fold) : rest_(pattern), fold_(fold) {}

    std::optional<std::string> run() {
        if (rest_.starts_with("(?i)")) {
            fold_ = true;
            rest_.remove_prefix(4);
        }
        while (!rest_.empty() && legal_) one();
        if (!legal_ || out_.size() > limits::kPatternLength) return std::nullopt;
        if (!expression_of(out_)) return std::nullopt;
        return out_;
    }

  private:
    void one() {
        const char c = rest_[0];
        if (c == '\\') return escape();
        if (c == '(' && rest_.size() > 1 && rest_[1] == '?') return group();
        if (c == '[') return character_class();
        // A second '+' makes PCRE's repetition possessive: no counterpart.
        if (c == '+' && !out_.empty() && (out_.back() == '+' || out_.back() == '*') && !escaped_) legal_ = false;
        rest_.remove_prefix(1);
        escaped_ = false;
        if (fold_ && is_letter(c))
            out_ += {'[', to_upper(c), to_lower(c), ']'};
        else
            out_ += c;
    }

    void escape() {
        if (rest_.size() < 2 || kSharedEscapes.find(rest_[1]) == std::string_view::npos) {
            legal_ = false;
            return;
        }
        // Any other character stands for itself.
        constexpr std::string_view kPlain = "~!@#%&=:;,<>'\"_ /-";
        if (kPlain.find(rest_[1]) == std::string_view::npos) out_ += '\\';
        out_ += rest_[1];
        rest_.remove_prefix(2);
        escaped_ = true;
    }

    void group() {
        if (constexpr std::string_view kPlain = "(?:"; rest_.starts_with(kPlain)) {
            out_ += kPlain;
            rest_.remove_prefix(kPlain.size());
            return;
        }
        // What a group is called makes no difference to what it matches.
        for (const std::string_view named : {"(?<", "(?P<"}) {
            const auto end = rest_.find('>');
            if (!rest_.starts_with(named) || end == std::string_view::npos || end == named.size()) continue;
            const auto name = rest_.substr(named.size(), end - named.size());
            const auto legal = [](unsigned char c) { return c == '_' || std::isalnum(c) != 0; };
            if (!std::ranges::all_of(name, legal)) continue;
            out_ += '(';
            rest_.remove_prefix(end + 1);
            return;
        }
        // Looking ahead or behind needs a memory of the text: no counterpart.
        legal_ = false;
    }

    void character_class() {
        std::size_t end = 1;
        if (end < rest_.size() && rest_[end] == '^') ++end;
        if (end < rest_.size() && rest_[end] == ']') ++end;
        while (end < rest_.size() && rest_[end] != ']') end += rest_[end] == '\\' ? 2 : 1;
        if (end >= rest_.size()) {
            legal_ = false;
            return;
        }
        const std::string_view inside = rest_.substr(1, end - 1);
        out_ += '[';
        out_ += inside;
        if (fold_) fold_class(inside);
        out_ += ']';
        rest_.remove_prefix(end + 1);
        escaped_ = false;
    }

    // Adds the other case of every letter and range of letters in a class.
    void fold_class(std::string_view inside) {
        for (std::size_t i = 0; i < inside.size(); ++i) {
            if (inside[i] == '\\') {
                ++i;
            } else if (is_letter(inside[i])) {
                const char flipped = to_upper(inside[i]) == inside[i] ? to_lower(inside[i]) : to_upper(inside[i]);
                out_ += flipped;
                if (i + 2 < inside.size() && inside[i + 1] == '-' && is_letter(inside[i + 2])) {
                    const char last = inside[i + 2];
                    (out_ += '-') += to_upper(last) == last ? to_lower(last) : to_upper(last);
                    i += 2;
                }
            }
        }
    }

    std::string_view rest_;
    bool fold_;
    bool legal_ = true;
    bool escaped_ = false;  // what was written last came from an escape
    std::string out_;
};

}  // namespace

std::optional<std::string> re2_expression(std::string_view pcre, bool fold_case) {
    return Translator(pcre, fold_case).run();
}

std::string exact_expression(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\.+*?()[]{}^$|").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string at_last_line_end(std::string_view expression) {
    std::string out;
    bool in_class = false;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        const char c = expression[i];
        if (c == '\\' && i + 1 < expression.size()) {
            out += c;
            out += expression[++i];
            continue;
        }
        if (c == '[') in_class = true;
        if (c == ']') in_class = false;
        if (c == '$' && !in_class) out += "\\n?";
        out += c;
    }
    return out;
}

std::optional<std::string> address_block(std::string_view pattern) {
    if (!pattern.starts_with('^')) return std::nullopt;
    pattern.remove_prefix(1);
    std::vector<unsigned> octets;
    while (!pattern.empty()) {
        unsigned octet = 0;
        const auto [end, error] = std::from_chars(pattern.data(), pattern.data() + pattern.size(), octet);
        if (error != std::errc{}) return std::nullopt;
        pattern.remove_prefix(static_cast<std::size_t>(end - pattern.data()));
        octets.push_back(octet);
        const bool last = octets.size() == 4 && pattern == "$";
        if (!last && !pattern.starts_with("\\.")) return std::nullopt;
        pattern.remove_prefix(last ? 1 : 2);
    }
    if (octets.empty() || octets.size() > 4) return std::nullopt;
    const std::size_t given = octets.size();
    octets.resize(4);
    const auto block = fmt::format("{}.{}.{}.{}/{}", octets[0], octets[1], octets[2], octets[3], given * 8);
    return Cidr::parse(block) ? std::optional(block) : std::nullopt;
}

}  // namespace switchyard::config::nginx
