#include "forum/domain/search_terms.h"

#include <algorithm>

#include "forum/domain/utf8.h"

namespace forum {

namespace {

// Eight words say what is meant; with each more it takes longer to find the next text that has them all.
constexpr std::size_t kWordsMax = 8;

bool is_unspaced(char32_t c) {
    return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) ||
           (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3134F);
}

bool separates(char32_t c) {
    if (c < 0x80) return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    return (c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x303F) || (c >= 0xFF00 && c <= 0xFF0F) ||
           (c >= 0xFF1A && c <= 0xFF20) || c == 0xA0;
}

struct Run {
    std::u32string characters;
    bool unspaced = false;
};

// Cuts text into runs of unspaced characters and runs of other word characters.
std::vector<Run> runs_of(std::string_view text) {
    std::vector<Run> runs;
    bool open = false;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (separates(c)) {
            open = false;
            continue;
        }
        const bool unspaced = is_unspaced(c);
        if (!open || runs.back().unspaced != unspaced) {
            runs.push_back({{}, unspaced});
            open = true;
        }
        runs.back().characters.push_back(c);
    }
    return runs;
}

std::string utf8_from(std::u32string_view characters) {
    std::string out;
    for (const char32_t c : characters) append_code_point(out, c);
    return out;
}

std::string pairs_of(std::u32string_view run) {
    std::string out;
    for (std::size_t i = 0; i + 1 < run.size(); ++i) {
        if (i > 0) out.push_back(' ');
        out += utf8_from(run.substr(i, 2));
    }
    return out;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

}  // namespace

std::string indexed_text(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 2);
    std::u32string run;
    const auto finish_run = [&] {
        if (run.empty()) return;
        out.push_back(' ');
        out += pairs_of(run);
        if (run.size() > 1) out.push_back(' ');
        append_code_point(out, run.back());
        out.push_back(' ');
        run.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (is_unspaced(c)) {
            run.push_back(c);
        } else {
            finish_run();
            append_code_point(out, c);
        }
    }
    finish_run();
    return out;
}

std::string match_expression(std::string_view typed) {
    std::string out;
    std::size_t words = 0;
    for (const Run& run : runs_of(typed)) {
        if (++words > kWordsMax) break;
        if (!out.empty()) out.push_back(' ');
        if (!run.unspaced) {
            out += '"' + utf8_from(run.characters) + '"';
        } else if (run.characters.size() == 1) {
            out += '"' + utf8_from(run.characters) + "\"*";
        } else {
            out += '"' + pairs_of(run.characters) + '"';
        }
    }
    return out;
}

std::vector<std::string> search_words(std::string_view typed) {
    std::vector<std::string> words;
    for (const Run& run : runs_of(typed)) {
        if (words.size() == kWordsMax) break;
        words.push_back(lower_case(utf8_from(run.characters)));
    }
    return words;
}

std::string snippet(std::string_view text, const std::vector<std::string>& words, std::size_t length) {
    const std::string folded = lower_case(text);
    std::size_t hit = std::string::npos;
    for (const std::string& word : words) hit = std::min(hit, folded.find(word));
    if (hit == std::string::npos) hit = 0;

    const auto is_start = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80; };
    std::size_t begin = hit;
    for (std::size_t back = length / 3; begin > 0 && back > 0;) back -= is_start(--begin) ? 1 : 0;
    std::size_t end = begin;
    for (std::size_t taken = 0; end < text.size() && taken < length; ++taken) next_code_point(text, end);

    std::string out = begin > 0 ? "…" : "";
    for (const char c : text.substr(begin, end - begin)) out.push_back(c == '\n' || c == '\r' || c == '\t' ? ' ' : c);
    if (end < text.size()) out += "…";
    return out;
}

}  // namespace forum
