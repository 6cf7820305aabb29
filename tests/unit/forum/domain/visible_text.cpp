#include "forum/domain/visible_text.h"

#include <doctest/doctest.h>

#include "forum/domain/account_rules.h"
#include "forum/domain/content_rules.h"

using namespace forum;

TEST_CASE("a text of which nothing can be seen is blank") {
    for (const char* blank :
         {"", " \t\n", "\u3164", "\u2800", "\u00AD", "\u2060", "\uFE0F", "\U000E0041", "\u200B\u200D", "\u115F\u1160",
          "\u3000\u00A0", "\u034F", "\uFFA0", "\u180E", "\u061C", "\u2028"}) {
        CAPTURE(blank);
        CHECK(is_blank(blank));
    }
    for (const char* seen : {"a", "\u200Ba", "数", "🙂", "❤\uFE0F", "·"}) {
        CAPTURE(seen);
        CHECK_FALSE(is_blank(seen));
    }
}

TEST_CASE("what turns text around is refused everywhere, what hides in it where it stands among others") {
    for (const char* text : {"gpj.\u202Eexe", "a\u202Ab", "a\U000E0041b", "\uFFF9a\uFFFAb\uFFFB"}) {
        CAPTURE(text);
        CHECK(has_deceptive_characters(text, true));
        CHECK(has_deceptive_characters(text, false));
    }
    for (const char* text : {"ad\u200Bmin", "a\u2066b\u2069", "soft\u00ADhyphen", "a\u2060b", "a\u3164b"}) {
        CAPTURE(text);
        CHECK_FALSE(has_deceptive_characters(text, true));
        CHECK(has_deceptive_characters(text, false));
    }
    for (const char* text : {"❤\uFE0F", "👩\u200D💻", "می\u200Cخواهم", "שלום\u200F!",
                             "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "数据库", "Ä\u0308"}) {
        CAPTURE(text);
        CHECK_FALSE(has_deceptive_characters(text, false));
    }
}

TEST_CASE("a tag has one spelling") {
    for (const char* tag : {"é", "数据", "straße", "c++", "мир"}) {
        CAPTURE(tag);
        FieldErrors errors;
        check_tags({tag}, errors);
        CHECK(errors.empty());
    }
    for (const char* tag : {"É", "A", "МИР", "e\u0301", "\u200B", "a\u200Bb", "\u3164", "ǅ"}) {
        CAPTURE(tag);
        FieldErrors errors;
        check_tags({tag}, errors);
        CHECK_FALSE(errors.empty());
    }
}

TEST_CASE("what guessers try first is no password, and a few words are one") {
    const auto fits = [](const char* password, const char* username = "alice") {
        FieldErrors errors;
        check_password(password, username, "/password", errors);
        return errors.empty();
    };
    for (const char* common : {"12345678", "password", "Password1!", "qwertyuiop", "iloveyou", "aaaaaaaa", "abcdefgh",
                               "alice1234", "p@ssw0rd", "trustno1", "football", "ALICEalice"}) {
        CAPTURE(common);
        CHECK_FALSE(fits(common));
    }
    for (const char* good :
         {"correct horse", "another horse", "wrong horse", "a long enough secret", "x7Kp2mQz", "数据库很快而且好用"}) {
        CAPTURE(good);
        CHECK(fits(good));
    }
    CHECK(fits(std::string(128, 'x').append("").replace(0, 20, "some words of my own").c_str()));
}

TEST_CASE("names that speak for the forum are nobody's") {
    for (const char* name : {"root", "Moderator", "SYSTEM", "deleted", "undefined", "admin"}) {
        CAPTURE(name);
        FieldErrors errors;
        check_not_reserved(name, errors);
        CHECK(errors.size() == 1);
    }
    FieldErrors none;
    check_not_reserved("rooted", none);
    CHECK(none.empty());
}
