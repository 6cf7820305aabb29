#include "config/nginx_import/lexer.h"

#include <utility>

namespace switchyard::config::nginx {

namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Lexed run() {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark left by an editor
        while (!out_.fault && skip_blank()) read_one();
        return std::move(out_);
    }

  private:
    char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    bool at_end() const { return at_ >= text_.size(); }

    char take() {
        if (text_[at_] == '\n') ++line_;
        return text_[at_++];
    }

    void fault(std::string what, unsigned line) {
        out_.fault = std::move(what);
        out_.fault_line = line;
    }

    // False at the end of the text. '#' begins a comment only where a word could begin.
    bool skip_blank() {
        while (!at_end()) {
            if (is_space(peek())) {
                take();
            } else if (peek() == '#') {
                while (!at_end() && peek() != '\n') take();
            } else {
                return true;
            }
        }
        return false;
    }

    void read_one() {
        const unsigned line = line_;
        switch (peek()) {
            case ';':
                return push_mark(Token::Kind::semicolon);
            case '{':
                return push_mark(Token::Kind::open);
            case '}':
                return push_mark(Token::Kind::close);
            case '"':
            case '\'':
                read_quoted(line);
                break;
            default:
                read_word(line);
                break;
        }
        if (!out_.fault && holds_script()) read_script(line);
    }

    void push_mark(Token::Kind kind) { out_.tokens.push_back({kind, std::string(1, take()), line_}); }

    // The escapes nginx resolves; any other backslash stays, for regular expressions.
    void take_escape(std::string& word) {
        take();
        if (at_end()) {
            word += '\\';
            return;
        }
        const char c = take();
        switch (c) {
            case '"':
            case '\'':
            case '\\':
                word += c;
                break;
            case 't':
                word += '\t';
                break;
            case 'r':
                word += '\r';
                break;
            case 'n':
                word += '\n';
                break;
            default:
                (word += '\\') += c;
                break;
        }
    }

    void read_quoted(unsigned line) {
        const char quote = take();
        std::string word;
        while (!at_end() && peek() != quote) {
            if (peek() == '\\')
                take_escape(word);
            else
                word += take();
        }
        if (at_end()) return fault("a quote is not closed", line);
        take();
        if (!at_end() && !is_space(peek()) && peek() != ';' && peek() != '{' && peek() != ')')
            return fault(std::string("expected a space after the closing quote, found '") + peek() + "'", line_);
        out_.tokens.push_back({Token::Kind::word, std::move(word), line});
    }

    void read_word(unsigned line) {
        std::string word;
        while (!at_end() && !is_space(peek()) && peek() != ';' && peek() != '{') {
            if (peek() == '\\') {
                take_escape(word);
            } else if (peek() == '$' && peek(1) == '{') {
                word += take();
                word += take();
            } else {
                word += take();
            }
        }
        out_.tokens.push_back({Token::Kind::word, std::move(word), line});
    }

    // Blocks like content_by_lua_block hold another language, whose words are not nginx's.
    bool holds_script() const {
        if (!out_.tokens.back().text.ends_with("_by_lua_block")) return false;
        std::size_t ahead = at_;
        while (ahead < text_.size() && is_space(text_[ahead])) ++ahead;
        return ahead < text_.size() && text_[ahead] == '{';
    }

    void read_script(unsigned line) {
        while (peek() != '{') take();
        push_mark(Token::Kind::open);
        for (int depth = 1; !at_end();) {
            if (peek() == '-' && peek(1) == '-') {
                skip_comment();
            } else if (peek() == '[' && (peek(1) == '[' || peek(1) == '=')) {
                skip_long_text();
            } else if (peek() == '"' || peek() == '\'') {
                skip_script_text();
            } else {
                if (peek() == '{') ++depth;
                if (peek() == '}' && --depth == 0) return push_mark(Token::Kind::close);
                take();
            }
        }
        fault("a script block is not closed", line);
    }

    // Braces in Lua's comments and texts are not its blocks.
    void skip_comment() {
        take();
        take();
        if (peek() == '[' && (peek(1) == '[' || peek(1) == '=')) return skip_long_text();
        while (!at_end() && peek() != '\n') take();
    }

    void skip_script_text() {
        for (const char quote = take(); !at_end() && peek() != quote; take())
            if (peek() == '\\' && at_ + 1 < text_.size()) take();
        if (!at_end()) take();
    }

    // [[ … ]] and [==[ … ]==]; a '[' that opens neither is just itself.
    void skip_long_text() {
        std::size_t level = 0;
        while (peek(1 + level) == '=') ++level;
        if (peek(1 + level) != '[') return static_cast<void>(take());
        const std::string end = "]" + std::string(level, '=') + "]";
        while (!at_end() && text_.substr(at_, end.size()) != end) take();
        for (std::size_t i = 0; i < end.size() && !at_end(); ++i) take();
    }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned line_ = 1;
    Lexed out_;
};

}  // namespace

Lexed lex(std::string_view text) {
    return Lexer(text).run();
}

}  // namespace switchyard::config::nginx
