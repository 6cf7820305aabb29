#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "forum/domain/mentions.h"
#include "forum/domain/search_terms.h"
#include "forum/domain/utf8.h"

using namespace forum;

TEST_CASE("strict UTF-8 takes every valid form and no invalid one") {
    struct Row {
        std::string text;
        bool valid;
    };
    const std::vector<Row> rows = {
        {"", true},
        {"plain", true},
        {"caf\xC3\xA9", true},
        {"\xE6\x95\xB0\xE6\x8D\xAE", true},
        {"\xF0\x9F\x99\x82", true},
        {"\xF4\x8F\xBF\xBF", true},   // U+10FFFF
        {"\xF4\x90\x80\x80", false},  // above it
        {"\xC0\xAF", false},          // overlong '/'
        {"\xE0\x9F\xBF", false},      // overlong
        {"\xF0\x8F\xBF\xBF", false},  // overlong
        {"\xED\xA0\x80", false},      // surrogate
        {"\x80", false},              // continuation alone
        {"\xE6\x95", false},          // cut off
        {"\xFF", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(is_utf8(row.text) == row.valid);
    }
}

TEST_CASE("every code point survives being written and read") {
    for (char32_t c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 97) {
        if (c >= 0xD800 && c < 0xE000) continue;
        std::string text;
        append_code_point(text, c);
        REQUIRE(is_utf8(text));
        std::size_t at = 0;
        REQUIRE(next_code_point(text, at) == c);
        REQUIRE(at == text.size());
    }
}

TEST_CASE("control characters are found, line ends only where there are no lines") {
    CHECK_FALSE(has_control_characters("a\nb\tc", true));
    CHECK(has_control_characters("a\nb", false));
    CHECK(has_control_characters(std::string("a\0b", 3), true));
    CHECK(has_control_characters("a\x7F", true));
    CHECK(has_control_characters("a\xC2\x85", true));
    CHECK(has_control_characters("a\xE2\x80\xA8", false));
}

TEST_CASE("Chinese text is indexed as its pairs and its last character") {
    CHECK(indexed_text("数据库") == " 数据 据库 库 ");
    CHECK(indexed_text("库") == " 库 ");
    CHECK(indexed_text("the 数据 engine") == "the  数据 据  engine");
}

TEST_CASE("a query asks for pairs as a phrase, for one character as a beginning, for words as they are") {
    CHECK(match_expression("数据库") == "\"数据 据库\"");
    CHECK(match_expression("数据") == "\"数据\"");
    CHECK(match_expression("库") == "\"库\"*");
    CHECK(match_expression("blue 发布") == "\"blue\" \"发布\"");
    CHECK(match_expression("sqlite数据") == "\"sqlite\" \"数据\"");
}

TEST_CASE("of many words a query asks for the first eight") {
    CHECK(match_expression("a b c d e f g h i j k") == match_expression("a b c d e f g h"));
    CHECK(match_expression("a b c d e f g h") != match_expression("a b c d e f g"));
    CHECK(search_words("a b c d e f g 数据 i").size() == 8);
}

TEST_CASE("a query is cut where the index cuts, and what is no word is left out") {
    std::string joined = "a";
    for (int i = 0; i < 99; ++i) joined += "·a";
    CHECK(match_expression(joined) == "\"a\"");
    CHECK(match_expression("a·b·c a·c d") == "\"a\" \"b\" \"c\" \"d\"");
    CHECK(match_expression("€ zebra gate") == match_expression("zebra gate"));
    CHECK(match_expression("・ ◌́ ° ৳ — «»") == "");
    CHECK(match_expression("word Word WORD") == "\"word\"");
}

TEST_CASE("however it is typed, a query looks up sixteen words and pairs at most") {
    for (const std::string typed :
         {"数据库引擎很快而且全文搜索也很好用我们都喜欢它真的", "a b c d e f 数据库引擎很快而且全文搜索也很好用我们都",
          "一二三 四五六 七八九 十百千 万亿兆 京垓秭 穰沟涧 正载极 恒河沙"}) {
        CAPTURE(typed);
        const std::string expression = match_expression(typed);
        std::size_t looks = 1;
        for (const char c : expression) looks += c == ' ' ? 1 : 0;
        CHECK(looks <= 16);
        CHECK(looks >= 14);
    }
}

TEST_CASE("nothing typed changes the structure of a query") {
    CHECK(match_expression("a\" OR title:b NEAR(c)*") == "\"a\" \"OR\" \"title\" \"b\" \"NEAR\" \"c\"");
    CHECK(match_expression("\"*()^-+:") == "");
}

TEST_CASE("a snippet shows the first hit and says where something is left out") {
    const std::string text = std::string(300, 'x') + " the needle " + std::string(300, 'y');
    const std::string shown = snippet(text, {"needle"}, 60);
    CHECK(shown.find("needle") != std::string::npos);
    CHECK(shown.starts_with("…"));
    CHECK(shown.ends_with("…"));
    CHECK(snippet("short", {"absent"}, 60) == "short");
    CHECK(is_utf8(snippet("数据库数据库数据库发布数据库数据库", {"发布"}, 6)));
}

TEST_CASE("a snippet shows the word that was found, not another that holds its letters, and in any case and accent") {
    const std::string text =
        "The party " + std::string(300, 'x') + " of Café ÄPFEL: «art»; МИР, art. " + std::string(300, 'y');
    struct Row {
        const char* typed;
        const char* shown;
    };
    for (const Row row : {Row{"art", "art."}, Row{"äpfel", "ÄPFEL"}, Row{"APFEL", "ÄPFEL"}, Row{"cafe", "Café"},
                          Row{"CAFÉ", "Café"}, Row{"мир", "МИР"}, Row{"part", "party"}}) {
        CAPTURE(row.typed);
        CHECK(snippet(text, search_words(row.typed), 60).find(row.shown) != std::string::npos);
    }
}

TEST_CASE("mentions are names after an at sign, each once, and no e-mail addresses") {
    CHECK(mentions_in("hi @Alice and @bob_2, @alice again") == std::vector<std::string>{"alice", "bob_2"});
    CHECK(mentions_in("mail me: a@example.org").empty());
    CHECK(mentions_in("@ab @1abc @").empty());
    CHECK(mentions_in("(@carol-)") == std::vector<std::string>{"carol"});
    std::string many;
    for (int i = 0; i < 50; ++i) many += "@user" + std::to_string(i) + " ";
    CHECK(mentions_in(many).size() == 10);
}
