#include "forum/store/step_statements.h"

#include <algorithm>
#include <cctype>

namespace forum {

namespace {

struct Word {
    std::string text;   // a sign, or a word as it was written
    std::string upper;  // empty for quoted names and texts, which are never keywords
    int depth = 0;      // of parentheses around it
};

bool is_word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string upper_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

// What closes a quotation that begins like this; '\0' for what begins none.
char closing_quote(char c) {
    if (c == '\'' || c == '"' || c == '`') return c;
    return c == '[' ? ']' : '\0';
}

std::vector<Word> words_of(std::string_view sql) {
    std::vector<Word> words;
    int depth = 0;
    for (std::size_t at = 0; at < sql.size();) {
        const char c = sql[at];
        if (sql.substr(at).starts_with("--")) {
            at = std::min(sql.find('\n', at), sql.size());
        } else if (sql.substr(at).starts_with("/*")) {
            const std::size_t end = sql.find("*/", at + 2);
            at = end == std::string_view::npos ? sql.size() : end + 2;
        } else if (const char quote = closing_quote(c)) {
            const std::size_t end = std::min(sql.find(quote, at + 1), sql.size());
            words.push_back({std::string(sql.substr(at + 1, end - at - 1)), "", depth});
            at = std::min(end + 1, sql.size());
        } else if (is_word_character(c)) {
            std::size_t end = at;
            while (end < sql.size() && is_word_character(sql[end])) ++end;
            std::string text(sql.substr(at, end - at));
            std::string upper = upper_case(text);
            words.push_back({std::move(text), std::move(upper), depth});
            at = end;
        } else {
            if (c == ')') --depth;
            if (std::isspace(static_cast<unsigned char>(c)) == 0) words.push_back({{c}, {c}, depth});
            if (c == '(') ++depth;
            ++at;
        }
    }
    return words;
}

// The body of a trigger holds statements of its own, up to its END; a CASE in it has one, too.
std::size_t end_of_statement(const std::vector<Word>& words, std::size_t begin) {
    bool in_trigger = false;
    int open = 0;
    for (std::size_t i = begin; i < words.size(); ++i) {
        const std::string& word = words[i].upper;
        if (word == "TRIGGER" && i <= begin + 2) in_trigger = true;
        if (in_trigger && (word == "BEGIN" || word == "CASE")) ++open;
        if (in_trigger && word == "END") --open;
        if (word == ";" && open == 0) return i;
    }
    return words.size();
}

StepStatement statement_from(const std::vector<Word>& words, std::size_t begin, std::size_t end) {
    static constexpr std::string_view kVerbs[] = {"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"};
    std::size_t at = begin;
    if (words[begin].upper == "WITH") {
        while (at < end && (words[at].depth > 0 || std::ranges::find(kVerbs, words[at].upper) == std::end(kVerbs)))
            ++at;
    }
    if (at == end) return {};
    StepStatement statement{words[at].upper, "", false};
    if (statement.verb != "DELETE" && statement.verb != "UPDATE") return statement;
    ++at;
    while (at < end &&
           (words[at].upper == "FROM" || words[at].upper == "OR" || (at > begin && words[at - 1].upper == "OR"))) {
        ++at;
    }
    if (at < end) statement.table = words[at].text;
    std::size_t where = at;
    while (where < end && (words[where].upper != "WHERE" || words[where].depth > 0)) ++where;
    const std::size_t behind = where < end ? end - where - 1 : 0;
    const bool says_nothing = behind == 1 && (words[where + 1].upper == "1" || words[where + 1].upper == "TRUE");
    statement.every_row = behind == 0 || says_nothing;
    return statement;
}

}  // namespace

std::vector<StepStatement> step_statements(std::string_view sql) {
    const std::vector<Word> words = words_of(sql);
    std::vector<StepStatement> statements;
    for (std::size_t begin = 0; begin < words.size();) {
        const std::size_t end = end_of_statement(words, begin);
        if (end > begin) statements.push_back(statement_from(words, begin, end));
        begin = end + 1;
    }
    return statements;
}

}  // namespace forum
