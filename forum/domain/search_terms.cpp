#include "forum/domain/search_terms.h"

#include <algorithm>
#include <set>
#include <utility>

#include "forum/domain/utf8.h"
#include "forum/domain/word_characters.h"

namespace forum {

namespace {

// Eight words say what is meant; with each more it takes longer to find the next text that has them all.
constexpr std::size_t kWordsMax = 8;
// What a search costs grows with what is looked up in the index: a word is one look, an unspaced run one for each pair.
constexpr std::size_t kTokensMax = 16;

bool is_unspaced(char32_t c) {
    return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) ||
           (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3134F);
}

bool separates(char32_t c) {
    if (c < 0x80) return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    return !continues_word(c);
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
        // An accent without a letter before it makes no word.
        if (separates(c) || (!open && !begins_word(c))) {
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

// U+00C0 to U+017F without case and accents, as unicode61 takes them for the same; '.' has
// another letter of its own.
constexpr std::string_view kLatin =
    "aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.y"
    "aaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii...jjkk.llllll."
    "...nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz.";
static_assert(kLatin.size() == 0x180 - 0xC0);

char32_t fold(char32_t c) {
    if (c >= 'A' && c <= 'Z') return c + ('a' - 'A');
    if (c >= 0xC0 && c < 0x180 && kLatin[c - 0xC0] != '.') return static_cast<char32_t>(kLatin[c - 0xC0]);
    if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 0x20;
    if ((c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 0x20;  // Greek, Cyrillic
    if (c >= 0x400 && c <= 0x40F) return c + 0x50;
    return c;
}

// What is looked up of what a user typed: each word once, and no more than the limits allow.
std::vector<Run> asked_runs(std::string_view typed) {
    std::vector<Run> asked;
    std::set<std::u32string> seen;
    std::size_t tokens_left = kTokensMax;
    for (Run& run : runs_of(typed)) {
        if (asked.size() == kWordsMax || tokens_left == 0) break;
        if (run.unspaced && run.characters.size() > tokens_left + 1) run.characters.resize(tokens_left + 1);
        std::u32string folded = run.characters;
        for (char32_t& c : folded) c = fold(c);
        if (!seen.insert(std::move(folded)).second) continue;
        tokens_left -= run.unspaced && run.characters.size() > 1 ? run.characters.size() - 1 : 1;
        asked.push_back(std::move(run));
    }
    return asked;
}

struct Folded {
    std::u32string characters;
    std::vector<std::size_t> places;  // of each character in the text, and of its end
};

Folded folded_text(std::string_view text) {
    Folded folded;
    folded.characters.reserve(text.size());
    folded.places.reserve(text.size() + 1);
    for (std::size_t at = 0; at < text.size();) {
        folded.places.push_back(at);
        folded.characters.push_back(fold(next_code_point(text, at)));
    }
    folded.places.push_back(text.size());
    return folded;
}

// Where the word stands by itself, which is what the index finds; if nowhere (signs that only the index cuts at, or an
// accent of its own), where its letters do.
std::size_t place_of(const Folded& text, std::u32string_view word) {
    const std::u32string& in = text.characters;
    const auto cuts = [&](std::size_t at) { return at >= in.size() || separates(in[at]) || is_unspaced(in[at]); };
    const bool whole = !word.empty() && !is_unspaced(word.front());
    const std::size_t first = in.find(word);
    for (std::size_t at = first; at != std::u32string::npos; at = in.find(word, at + 1)) {
        if (!whole || ((at == 0 || cuts(at - 1)) && cuts(at + word.size()))) return at;
    }
    return first;
}

// A token is letters and digits; what is neither is written as its number.
void append_character(std::string& out, char32_t c) {
    if (c < 0x80) {
        out.push_back(static_cast<char>(c));
        return;
    }
    static constexpr std::string_view kDigits = "0123456789abcdef";
    for (int shift = c > 0xFFFF ? 20 : 12; shift >= 0; shift -= 4) out.push_back(kDigits[(c >> shift) & 0xFU]);
}

std::string number_token(std::u32string_view characters) {
    std::string token = "xq";
    for (const char32_t c : characters) append_character(token, c);
    return token;
}

// Longer words than the index takes are known by their beginning.
std::string word_token(std::u32string_view word) {
    constexpr std::size_t kTokenMost = 80;
    std::string token = "xw";
    for (const char32_t c : word) {
        if (token.size() > kTokenMost) break;
        append_character(token, fold(c));
    }
    token.resize(std::min(token.size(), kTokenMost));
    return token;
}

std::string pair_tokens(std::u32string_view run) {
    std::string out;
    for (std::size_t i = 0; i + 1 < run.size(); ++i) {
        if (i > 0) out.push_back(' ');
        out += number_token(run.substr(i, 2));
    }
    return out;
}

}  // namespace

std::string token_text(std::string_view text) {
    std::string out;
    for (const Run& run : runs_of(text)) {
        if (!out.empty()) out.push_back(' ');
        if (!run.unspaced) {
            out += word_token(run.characters);
            continue;
        }
        out += pair_tokens(run.characters);
        if (run.characters.size() > 1) out.push_back(' ');
        out += number_token(std::u32string_view(run.characters).substr(run.characters.size() - 1));
    }
    return out;
}

std::string token_expression(std::string_view typed) {
    std::string out;
    for (const Run& run : asked_runs(typed)) {
        if (!out.empty()) out.push_back(' ');
        out.push_back('+');
        if (!run.unspaced) {
            out += word_token(run.characters);
        } else if (run.characters.size() == 1) {
            out += number_token(run.characters) + '*';
        } else {
            out += '"' + pair_tokens(run.characters) + '"';
        }
    }
    return out;
}

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
    for (const Run& run : asked_runs(typed)) {
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
    for (const Run& run : asked_runs(typed)) words.push_back(lower_case(utf8_from(run.characters)));
    return words;
}

std::string snippet(std::string_view text, const std::vector<std::string>& words, std::size_t length) {
    const Folded folded = folded_text(text);
    std::size_t hit = std::string::npos;
    for (const std::string& word : words) hit = std::min(hit, place_of(folded, folded_text(word).characters));
    const std::size_t first = hit == std::string::npos ? 0 : hit - std::min(hit, length / 3);
    const std::size_t last = std::min(folded.characters.size(), first + length);
    const std::size_t begin = folded.places[first];
    const std::size_t end = folded.places[last];

    std::string out = begin > 0 ? "…" : "";
    for (const char c : text.substr(begin, end - begin)) out.push_back(c == '\n' || c == '\r' || c == '\t' ? ' ' : c);
    if (end < text.size()) out += "…";
    return out;
}

}  // namespace forum
