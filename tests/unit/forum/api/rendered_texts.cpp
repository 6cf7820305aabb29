#include "forum/api/rendered_texts.h"

#include <doctest/doctest.h>

#include <string>

using namespace forum;

TEST_CASE("a text is rendered once per edit, however often its page is built") {
    RenderedTexts texts(4'000'000);
    for (int i = 0; i < 10; ++i) CHECK(texts.html_of("a", 1, "*one*")->body == "<p><em>one</em></p>\n");
    CHECK(texts.rendered() == 1);
    for (int i = 0; i < 10; ++i) CHECK(texts.html_of("a", 2, "*two*")->body == "<p><em>two</em></p>\n");
    CHECK(texts.rendered() == 2);
    CHECK(texts.html_of("b", 1, "*one*")->body == "<p><em>one</em></p>\n");
    CHECK(texts.rendered() == 3);
}

TEST_CASE("a text that was changed under its version is not shown as it was") {
    RenderedTexts texts(4'000'000);
    CHECK(texts.html_of("a", 1, "one")->body == "<p>one</p>\n");
    CHECK(texts.html_of("a", 1, "two")->body == "<p>two</p>\n");
}

TEST_CASE("rendered texts hold no more than they may, and a text that was edited holds one place") {
    constexpr std::size_t kBytes = 1'000'000;
    RenderedTexts texts(kBytes);
    for (int i = 0; i < 3'000; ++i) (void)texts.html_of(std::to_string(i), 1, std::string(1'000, 'x'));
    CHECK(texts.bytes_held() <= kBytes);
    CHECK(texts.bytes_held() > kBytes / 2);
    RenderedTexts one(kBytes);
    for (int version = 1; version < 100; ++version) (void)one.html_of("a", version, std::to_string(version));
    CHECK(one.bytes_held() < 1'000);
}
