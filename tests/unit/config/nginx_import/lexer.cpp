#include "config/nginx_import/lexer.h"

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <vector>

using namespace switchyard::config::nginx;

namespace {

// Words as they are, marks as ; { }, joined by '|'.
std::string words(const std::string& text) {
    const Lexed lexed = lex(text);
    CHECK_FALSE(lexed.fault);
    std::string out;
    for (const Token& token : lexed.tokens) out += (out.empty() ? "" : "|") + token.text;
    return out;
}

}  // namespace

TEST_CASE("words end at blanks, semicolons and braces") {
    CHECK(words("listen 80;") == "listen|80|;");
    CHECK(words("events{}") == "events|{|}");
    CHECK(words("  a\tb\r\nc ;") == "a|b|c|;");
    CHECK(words("\xef\xbb\xbfuser www;") == "user|www|;");
    CHECK(words("").empty());
}

TEST_CASE("comments begin where a word could begin") {
    CHECK(words("a b; # c; d {\ne f;") == "a|b|;|e|f|;");
    CHECK(words("return 301 /page#part;") == "return|301|/page#part|;");
    CHECK(words("# only").empty());
}

TEST_CASE("quotes hold blanks and marks; escapes are resolved as nginx does") {
    CHECK(words(R"(add_header X "a; b { c } # d";)") == "add_header|X|a; b { c } # d|;");
    CHECK(words(R"(x "a\"b\\c\td";)") == "x|a\"b\\c\td|;");
    CHECK(words(R"(location ~ \.php$ {})") == R"(location|~|\.php$|{|})");
    CHECK(words(R"(x "";)") == "x||;");
    CHECK(words(R"(x a"b c;)") == "x|a\"b|c|;");
}

TEST_CASE("a brace after a dollar belongs to the word") {
    CHECK(words("proxy_pass http://${target}_pool;") == "proxy_pass|http://${target}_pool|;");
    CHECK(words("split_clients ${remote_addr}A $v {") == "split_clients|${remote_addr}A|$v|{");
}

TEST_CASE("an `if` keeps its parentheses with its words") {
    CHECK(words(R"(if ($http_x = "a b") {)") == "if|($http_x|=|a b|)|{");
}

TEST_CASE("a script in another language is passed over") {
    CHECK(words("content_by_lua_block {\n local t = { a = { 1 } }\n ngx.say('#')\n}\na b;") ==
          "content_by_lua_block|{|}|a|b|;");
}

TEST_CASE("lines are counted through quotes and comments") {
    const Lexed lexed = lex("a 'x\ny';\n# c\nb;");
    REQUIRE(lexed.tokens.size() == 5);
    CHECK(lexed.tokens[1].line == 1);
    CHECK(lexed.tokens[3].line == 4);
}

TEST_CASE("what nginx would not read is a fault with its line") {
    const std::vector<std::tuple<std::string, std::string, unsigned>> rows{
        {"a;\nb \"x", "a quote is not closed", 2},
        {"a\n\"x\"y;", "expected a space after the closing quote, found 'y'", 2},
        {"a_by_lua_block {", "a script block is not closed", 1},
    };
    for (const auto& [text, fault, line] : rows) {
        CAPTURE(text);
        const Lexed lexed = lex(text);
        REQUIRE(lexed.fault);
        CHECK(*lexed.fault == fault);
        CHECK(lexed.fault_line == line);
    }
}
