#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "forum/domain/access.h"
#include "forum/domain/account_rules.h"
#include "forum/domain/content_rules.h"

using namespace forum;

namespace {

bool username_is_good(const std::string& name) {
    FieldErrors errors;
    check_username(name, errors);
    return errors.empty();
}

}  // namespace

TEST_CASE("user names are short ASCII words that begin with a letter") {
    for (const char* good : {"abc", "Alice", "a-b_c9", "abcdefghijklmnopqrstuvwx"}) CHECK(username_is_good(good));
    for (const char* bad : {"", "ab", "1abc", "-abc", "a b c", "caf\xC3\xA9", "abcdefghijklmnopqrstuvwxy", "a/b/c"}) {
        CAPTURE(bad);
        CHECK_FALSE(username_is_good(bad));
    }
}

TEST_CASE("a password is long enough, bounded, and not the name") {
    FieldErrors errors;
    check_password("x7Kp2mQz", "alice", "/password", errors);
    CHECK(errors.empty());
    check_password("1234567", "alice", "/password", errors);
    check_password(std::string(129, 'x'), "alice", "/password", errors);
    check_password("AliceAlice", "alicealice", "/password", errors);
    CHECK(errors.size() == 3);
}

TEST_CASE("titles and bodies must say something and stay within their limits") {
    FieldErrors errors;
    check_title("A title", errors);
    check_post_body("Line one\nline two", errors);
    check_title(std::string(kTitleMax, 'x'), errors);
    REQUIRE(errors.empty());
    check_title(" \xE3\x80\x80\xE2\x80\x8B ", errors);  // spaces of other scripts
    check_title(std::string(kTitleMax + 1, 'x'), errors);
    check_title("two\nlines", errors);
    check_post_body("\n\t ", errors);
    CHECK(errors.size() == 4);
}

TEST_CASE("tags are few, small, different, and free of signs that mean something in an address") {
    FieldErrors errors;
    check_tags({"c++", "数据库", "blue-green"}, errors);
    CHECK(errors.empty());
    check_tags({"a", "a"}, errors);
    check_tags({"With Space"}, errors);
    check_tags({"a", "b", "c", "d", "e", "f"}, errors);
    REQUIRE(errors.size() == 3);
    CHECK(errors[0].pointer == "/tags/1");
}

TEST_CASE("judgement of every kind of access over every role, banned or not") {
    using V = Verdict;
    struct Row {
        Access access;
        V guest, member, banned_member, moderator, banned_moderator, admin;
    };
    const std::vector<Row> rows = {
        {Access::anyone, V::allowed, V::allowed, V::allowed, V::allowed, V::allowed, V::allowed},
        {Access::member, V::login_needed, V::allowed, V::allowed, V::allowed, V::allowed, V::allowed},
        {Access::writer, V::login_needed, V::allowed, V::banned, V::allowed, V::banned, V::allowed},
        {Access::moderator, V::login_needed, V::forbidden, V::forbidden, V::allowed, V::banned, V::allowed},
        {Access::admin, V::login_needed, V::forbidden, V::forbidden, V::forbidden, V::forbidden, V::allowed},
        {Access::operators, V::login_needed, V::forbidden, V::forbidden, V::forbidden, V::forbidden, V::forbidden},
    };
    for (const Row& row : rows) {
        CAPTURE(name_of(row.access));
        CHECK(judge(row.access, Role::guest, false) == row.guest);
        CHECK(judge(row.access, Role::member, false) == row.member);
        CHECK(judge(row.access, Role::member, true) == row.banned_member);
        CHECK(judge(row.access, Role::moderator, false) == row.moderator);
        CHECK(judge(row.access, Role::moderator, true) == row.banned_moderator);
        CHECK(judge(row.access, Role::admin, false) == row.admin);
    }
}

TEST_CASE("authors and moderators edit, and only moderators answer under a lock") {
    CHECK(may_edit(Role::member, 7, 7));
    CHECK_FALSE(may_edit(Role::member, 7, 8));
    CHECK(may_edit(Role::moderator, 7, 8));
    CHECK(may_answer(Role::member, false));
    CHECK_FALSE(may_answer(Role::member, true));
    CHECK(may_answer(Role::moderator, true));
}
