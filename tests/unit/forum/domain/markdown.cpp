#include "forum/domain/markdown.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <set>
#include <string>
#include <vector>

#include "forum/domain/utf8.h"

using namespace forum;

namespace {

std::string plain(std::string_view text) {
    std::string out;
    return std::string(plain_from_markdown(text, out));
}

std::string times(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

// Every tag that stands in a text, as it stands there; a "<" that is none, or an attribute that is not one of a link's,
// comes as it is.
std::set<std::string> tags_in(const std::string& html) {
    std::set<std::string> tags;
    for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
        std::string tag = html.substr(at, html.find('>', at) - at + 1);
        if (tag.starts_with("<a href=\"") && tag.ends_with("\" rel=\"nofollow ugc noopener\">") &&
            tag.find('"', 9) == tag.size() - 30) {
            tag = "<a>";
        }
        tags.insert(tag);
    }
    return tags;
}

// A sanitizer makes our half slower and leaves the library's as it is.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kJudged = false;
#else
constexpr bool kJudged = true;
#endif

// Processor time of this thread alone, so that others who are busy count as little as they can.
std::int64_t processor_time() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return at.tv_sec * 1'000'000'000LL + at.tv_nsec;
}

std::int64_t time_of(const std::string& text) {
    const std::int64_t before = processor_time();
    const std::string html = html_from_markdown(text);
    REQUIRE_FALSE(html.empty());
    return processor_time() - before;
}

const std::set<std::string> kAllowed = {
    "<p>",    "</p>",   "<br>",   "<hr>",    "<h3>",     "</h3>",   "<h4>",         "</h4>",        "<h5>",
    "</h5>",  "<h6>",   "</h6>",  "<ul>",    "</ul>",    "<ol>",    "</ol>",        "<li>",         "</li>",
    "<pre>",  "</pre>", "<code>", "</code>", "<em>",     "</em>",   "<strong>",     "</strong>",    "<del>",
    "</del>", "<a>",    "</a>",   "<table>", "</table>", "<thead>", "</thead>",     "<tbody>",      "</tbody>",
    "<tr>",   "</tr>",  "<th>",   "</th>",   "<td>",     "</td>",   "<blockquote>", "</blockquote>"};

}  // namespace

TEST_CASE("what people write becomes what they meant") {
    struct Row {
        const char* text;
        const char* html;
    };
    for (const Row row : {
             Row{"# Heading\n\ntwo **bold** words", "<h3>Heading</h3>\n<p>two <strong>bold</strong> words</p>\n"},
             Row{"a\nb", "<p>a<br>\nb</p>\n"},
             Row{"- one\n- two", "<ul><li>one</li>\n<li>two</li>\n</ul>\n"},
             Row{"7. seven", "<ol start=\"7\"><li>seven</li>\n</ol>\n"},
             Row{"```\na < b\n```", "<pre>a &lt; b\n</pre>\n"},
             Row{"> said", "<blockquote><p>said</p>\n</blockquote>\n"},
             Row{"~~no~~ `code`", "<p><del>no</del> <code>code</code></p>\n"},
             Row{"[here](https://example.org/?a=1&amp;b=2)",
                 "<p><a href=\"https://example.org/?a=1&amp;b=2\" rel=\"nofollow ugc noopener\">here</a></p>\n"},
             Row{"see https://example.org now",
                 "<p>see <a href=\"https://example.org\" rel=\"nofollow ugc noopener\">https://example.org</a> "
                 "now</p>\n"},
             Row{"see (https://example.org/a_b_c?d=e&f), or http://b.example.",
                 "<p>see (<a href=\"https://example.org/a_b_c?d=e&amp;f\" rel=\"nofollow ugc "
                 "noopener\">https://example.org/a_b_c?d=e&amp;f</a>), or <a "
                 "href=\"http://b.example\" rel=\"nofollow ugc noopener\">http://b.example</a>.</p>\n"},
             Row{"[there](#/post/abc)", "<p><a href=\"#/post/abc\" rel=\"nofollow ugc noopener\">there</a></p>\n"},
             Row{"![a cat](https://example.org/cat.png)",
                 "<p><a href=\"https://example.org/cat.png\" rel=\"nofollow ugc noopener\">a cat</a></p>\n"},
             Row{"    indented", "<p>indented</p>\n"},
             Row{"|a|c|\n|---|---|\n|b|d|",
                 "<table><thead><tr><th>a</th>\n<th>c</th>\n</tr>\n</thead>\n<tbody><tr><td>b</td>\n<td>d</td>\n</"
                 "tr>\n</tbody>\n"
                 "</table>\n"},
         }) {
        CAPTURE(row.text);
        CHECK(html_from_markdown(row.text) == row.html);
    }
}

TEST_CASE("nothing that somebody writes becomes a script, and no link leads where none may lead") {
    for (const char* text : {"<script>alert(1)</script>",
                             "<img src=x onerror=alert(1)>",
                             "<b>x</b>",
                             "<!-- x -->",
                             "<a href=\"javascript:alert(1)\">x</a>",
                             "[x](javascript:alert(1))",
                             "[x](JaVaScRiPt:alert(1))",
                             "[x](java&#115;cript:alert(1))",
                             "[x](javascript&colon;alert(1))",
                             "[x](&#106;avascript:alert(1))",
                             "[x](<java\tscript:alert(1)>)",
                             "[x](data:text/html;base64,PHN2Zz4=)",
                             "[x](vbscript:x)",
                             "[x](//evil.example)",
                             "[x](\\\\evil.example)",
                             "[x](/\\evil.example)",
                             "[x](file:///etc/passwd)",
                             "<javascript:alert(1)>",
                             "![x](javascript:alert(1))",
                             "[x]: javascript:alert(1)\n\n[x]",
                             "[x](https://a\" onmouseover=\"alert(1))",
                             "[x](<https://a\"onmouseover=\"alert(1)>)",
                             "[x](https://a 'on')",
                             "[a](https://a \"t\\\" onclick=x\")",
                             "```\" onclick=\"x\n```",
                             "&lt;script&gt;",
                             "[x](https://a&quot;onclick=x)",
                             "<https://a\"b>"}) {
        CAPTURE(text);
        const std::string html = html_from_markdown(text);
        CAPTURE(html);
        for (const std::string& tag : tags_in(html)) {
            CAPTURE(tag);
            CHECK(kAllowed.contains(tag));
        }
        CHECK(html.find("href=\"j") == std::string::npos);
        CHECK(html.find("href=\"J") == std::string::npos);
        CHECK(html.find("href=\"d") == std::string::npos);
        CHECK(html.find("href=\"//") == std::string::npos);
        CHECK(html.find("href=\"v") == std::string::npos);
    }
}

TEST_CASE("whatever stands there, tags are of the list and closed in their order") {
    const std::vector<std::string> pieces = {
        "*",  "**",  "_",  "`",  "```\n", "[",     "](", ")", "!", "<",  ">",     "https://a ", "\n", "\n\n",
        "- ", "1. ", "> ", "# ", "|",     "|-|\n", "~~", "&", ";", "\\", "word ", "数据 ",      "\"", "'"};
    std::uint64_t dice = 1;
    for (int round = 0; round < 3'000; ++round) {
        std::string text;
        for (int i = 0; i < 40; ++i) {
            dice = dice * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
            text += pieces[(dice >> 33U) % pieces.size()];
        }
        CAPTURE(text);
        const std::string html = html_from_markdown(text);
        REQUIRE(is_utf8(html));
        for (const std::string& tag : tags_in(html)) {
            if (tag.starts_with("<ol start=\"")) continue;
            CAPTURE(tag);
            REQUIRE(kAllowed.contains(tag));
        }
        std::vector<std::string> open;
        for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
            std::string name = html.substr(at + 1, html.find_first_of(" >", at) - at - 1);
            if (name == "br" || name == "hr") continue;
            if (name[0] != '/') {
                open.push_back(name);
                continue;
            }
            REQUIRE_FALSE(open.empty());
            REQUIRE(open.back() == name.substr(1));
            open.pop_back();
        }
        REQUIRE(open.empty());
    }
}

TEST_CASE("nesting has an end, and what comes out is not many times what went in") {
    for (const std::string& text :
         {times("> ", 20'000) + "x", times("- ", 20'000) + "x", times("[", 20'000) + times("](https://a)", 3'000),
          times("*a ", 13'000), times("|", 40'000),
          times("|a", 50) + "|\n" + times("|-", 50) + "|\n" + times("|b|\n", 9'000),
          "[a]: https://" + times("x", 19'900) + "\n\n" + times("[a] ", 5'000)}) {
        const std::string html = html_from_markdown(text);
        CAPTURE(text.substr(0, 20));
        CHECK(html.size() < 9 * text.size());
        std::size_t depth = 0;
        std::size_t deepest = 0;
        for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
            if (html.substr(at, 4) == "<br>" || html.substr(at, 4) == "<hr>") continue;
            depth = html[at + 1] == '/' ? depth - 1 : depth + 1;
            deepest = std::max(deepest, depth);
        }
        CHECK(deepest <= 24);
        CHECK(depth == 0);
    }
}

TEST_CASE("no text of forty thousand characters takes ten times as long as as many words") {
    constexpr std::size_t kLength = 40'000;
    const auto as_long = [](std::string_view piece) {
        return times(piece, kLength / piece.size() + 1).substr(0, kLength);
    };
    std::string names;
    for (int i = 0; names.size() < kLength / 2; ++i)
        names += "[n" + std::to_string(i) + "]: /" + std::to_string(i) + "\n";
    names += "\n";
    for (int i = 0; names.size() < kLength; ++i) names += "[n" + std::to_string(i) + "] ";
    std::string ticks;
    for (std::size_t i = 1; ticks.size() < kLength; ++i) ticks += "e" + times("`", i % 200 + 1);
    const std::string wide = times("|a", 60) + "|\n" + times("|-", 60) + "|\n";
    const std::vector<std::string> hostile = {
        as_long("["),
        as_long("[a]("),
        as_long("![a]("),
        as_long("[a]"),
        as_long("[]()"),
        as_long("*a "),
        as_long("a**b"),
        as_long("*a_ "),
        as_long("a_"),
        as_long("***a** b* "),
        as_long("_*"),
        as_long("`a"),
        ticks,
        as_long("<a "),
        as_long("<!--"),
        as_long("<?"),
        as_long("<!A "),
        as_long("<![CDATA["),
        as_long("<https:"),
        as_long("<a href='"),
        as_long("https://"),
        as_long("https://a "),
        as_long("http:/"),
        as_long("www."),
        as_long("a@b."),
        as_long("&a"),
        as_long("&#1"),
        as_long("&amp;"),
        as_long("\\a"),
        as_long("> "),
        as_long("- "),
        as_long("- a\n"),
        as_long("1. a\n"),
        as_long("* a\n\n"),
        as_long("  - a\n"),
        as_long("# a\n"),
        as_long("a\n=\n"),
        as_long("a\n-\n"),
        as_long("```\n"),
        as_long("~~~a\n"),
        as_long("|a"),
        as_long("|a|\n|-|\n"),
        as_long("a|b\n-|-\n"),
        wide + as_long("|b|\n"),
        as_long("~~a~ "),
        as_long("~a~~"),
        names,
        as_long("[a]: b\n"),
        as_long("[^a]: b\n"),
        as_long("[a]: <b\n"),
        as_long("[a\\"),
        as_long("[a](<b"),
        as_long("[a](b \"c"),
        as_long("](a "),
        as_long("[[a]"),
        as_long("\n"),
        as_long(" \n"),
        as_long("\t\n"),
        as_long("a  \n"),
        as_long("> a\n"),
        as_long(">- "),
        as_long("- > "),
        as_long("* * *\n"),
        as_long("a\\\n"),
        as_long("!["),
        as_long("**a *b "),
        as_long("*__a "),
        as_long("a*b_c~d "),
        as_long("<b>"),
        as_long("<a/>"),
        times("[", 6'000) + as_long("a ").substr(0, 14'000) + times("]", 6'000) + as_long("b ").substr(0, 14'000),
        times("*", 6'000) + as_long("a ").substr(0, 28'000) + times("*", 6'000),
        times("> ", 3'000) + as_long("a ").substr(0, 34'000),
    };
    const std::string plain = as_long("some words of which most texts are made, and nothing else\n");
    // Of each the quickest of several, by turns: what disturbs makes slower, never quicker, and both alike.
    std::vector<std::int64_t> quickest(hostile.size(), INT64_MAX);
    std::int64_t of_plain = INT64_MAX;
    for (int round = 0; round < 7; ++round) {
        for (std::size_t i = 0; i < hostile.size(); ++i) {
            quickest[i] = std::min(quickest[i], time_of(hostile[i]));
            of_plain = std::min(of_plain, time_of(plain));
        }
    }
    for (std::size_t i = 0; i < hostile.size(); ++i) {
        CAPTURE(hostile[i].substr(0, 24));
        if (kJudged) CHECK(static_cast<double>(quickest[i]) / static_cast<double>(of_plain) < 10.0);
    }
}

TEST_CASE("an excerpt has the words and not the signs") {
    CHECK(plain("# Heading\n\ntwo **bold** words, [a link](https://a)\n\n- one\n- two\n\n```\ncode\n```") ==
          "Heading two bold words, a link one two code");
    CHECK(plain("a < b & c &lt; d") == "a < b & c < d");
    CHECK(plain("two lines\nand\n\nanother, plain.\n") == "two lines and another, plain.");
    CHECK(plain("words\n- one\n1. two") == "words one two");
    CHECK(plain("") == "");
    CHECK(plain("<script>alert(1)</script>") == "<script>alert(1)</script>");
}
