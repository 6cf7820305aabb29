#include "control/discovery/list_text.h"

#include <doctest/doctest.h>

#include "control/discovery/kept_text.h"

using namespace switchyard::control::discovery;

TEST_CASE("a list of addresses, and of objects with what a source may say") {
    const auto s =
        read_list(R"(["10.0.0.7:9002", {"address": "[fd00::8]:9002", "weight": 3, "backup": true, "state": "drain"}])");
    REQUIRE(s.complete);
    REQUIRE(s.found.size() == 2);
    CHECK(s.found[0].address.text() == "10.0.0.7:9002");
    CHECK(s.found[0].weight == 1);
    CHECK(s.found[1].address.text() == "[fd00::8]:9002");
    CHECK(s.found[1].weight == 3);
    CHECK(s.found[1].backup);
    CHECK(s.found[1].draining);
    CHECK(read_list("[]").complete);
    CHECK(read_list(" [ ]\n").found.empty());
}

TEST_CASE("what is torn or wrong is no answer, and the place is named") {
    struct Row {
        const char *text, *why;
    };
    for (const auto& row : {
             Row{"", "it is not valid JSON: half written, or not JSON at all"},
             Row{R"(["10.0.0.7:9002", "10.0.)", "it is not valid JSON: half written, or not JSON at all"},
             Row{"{}", "expected a JSON list of addresses"},
             Row{R"(["10.0.0.1:1", 7])", "entry 1: expected an address with a port, such as 10.0.0.7:9002"},
             Row{R"([{"weight": 1}])", "entry 0: expected an address with a port, such as 10.0.0.7:9002"},
             Row{R"([{"address": "10.0.0.1:1", "weight": -1}])",
                 "entry 0: weight: expected a whole number from 0 to 65535"},
             Row{R"([{"address": "10.0.0.1:1", "weight": 65536}])",
                 "entry 0: weight: expected a whole number from 0 to 65535"},
             Row{R"([{"address": "10.0.0.1:1", "backup": 1}])", "entry 0: backup: expected true or false"},
             Row{R"([{"address": "10.0.0.1:1", "state": "maint"}])", "entry 0: state: expected up or drain"},
             Row{R"([{"address": "10.0.0.1:1", "wieght": 2}])",
                 "entry 0: unknown key \"wieght\": there are address, weight, backup and state"},
         }) {
        const auto s = read_list(row.text);
        CHECK_FALSE(s.complete);
        CHECK(s.why == row.why);
    }
    CHECK_FALSE(read_list(R"(["10.0.0.1"])").complete);
}

TEST_CASE("one entry may be bare") {
    std::string why;
    CHECK(read_one("10.0.0.7:80", &why)->address.port == 80);
    CHECK(read_one(R"("10.0.0.7:80")", &why)->address.port == 80);
    CHECK(read_one(R"({"address":"10.0.0.7:80","weight":2})", &why)->weight == 2);
    CHECK_FALSE(read_one("nonsense", &why));
}

TEST_CASE("a roll that is kept comes back as it was; what is not understood is nothing") {
    Roll::Kept kept;
    kept.number = 7;
    Roll::Member member;
    member.found = {*switchyard::config::Address::parse("10.0.0.1:80"), 3, true, true, false};
    member.since_ms = 1'700'000'000'000;
    member.absent_since_ms = 1'700'000'000'001;
    kept.members = {member};
    CHECK(*read_kept(kept_text(kept)) == kept);
    for (const char* text :
         {"", "[]", "{}", R"({"number":1,"members":[{"address":"x"}]})", R"({"number":"1","members":[]})"})
        CHECK_FALSE(read_kept(text));
}
