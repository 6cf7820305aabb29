// Wrong input → exactly which places, and exactly what is said there.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/parse.h"
#include "config/text/utf8.h"

using namespace switchyard::config;

namespace {

struct Row {
    std::string title;
    std::string text;
    std::vector<Error> errors;
};

void check(const std::vector<Row>& rows) {
    for (const auto& row : rows) {
        CAPTURE(row.title);
        const auto result = parse(row.text);
        CHECK_FALSE(result.model);
        CHECK(result.errors.size() == row.errors.size());
        for (std::size_t i = 0; i < std::min(result.errors.size(), row.errors.size()); ++i) {
            CHECK(result.errors[i].pointer == row.errors[i].pointer);
            CHECK(result.errors[i].detail == row.errors[i].detail);
        }
        for (std::size_t i = row.errors.size(); i < result.errors.size(); ++i)
            FAIL_CHECK("also: " << result.errors[i].pointer << ": " << result.errors[i].detail);
    }
}

// A document with one upstream "blue" and the given text inside it.
std::string upstream(const std::string& inside) {
    return R"({"upstreams":{"blue":{"endpoints":[{"address":"127.0.0.1:9001"}])" +
           (inside.empty() ? "" : "," + inside) + "}}}";
}

// A document with upstreams blue and green and one route, the given text inside it.
std::string route(const std::string& inside) {
    return R"({"upstreams":{"blue":{"endpoints":[]},"green":{"endpoints":[]}},"routes":[{"name":"forum",)" + inside +
           "}]}";
}

std::string when(const std::string& condition) {
    return route(R"("split":{"blue":1},"rules":[{"name":"r","upstream":"blue","when":)" + condition + "}]");
}

}  // namespace

TEST_CASE("of very many mistakes the first hundred are told, and how many more there are") {
    std::string text = R"({"upstreams":{)";
    for (int i = 0; i < 5000; ++i) text += (i == 0 ? "\"u" : ",\"u") + std::to_string(i) + "\":1";
    const auto result = parse(text + "}}");
    REQUIRE(result.errors.size() == 101);
    CHECK(result.errors[99].pointer == "/upstreams/u99");
    CHECK(result.errors[100] == Error{"", "4900 more mistakes are not listed; these are the first 100"});
    std::string routes = R"({"routes":[)";
    for (int i = 0; i < 300; ++i) routes += std::string(i == 0 ? "" : ",") + R"({"name":"same","split":{"gone":1}})";
    const auto checked = parse(routes + "]}");
    REQUIRE(checked.errors.size() == 101);
    CHECK(checked.errors[100].detail.find(" more mistakes") != std::string::npos);
}

TEST_CASE("text that is no JSON document is refused with the place") {
    check({
        {"empty text",
         "",
         {{"",
           "not valid JSON: line 1, column 1: syntax error while parsing value - unexpected end of input; expected "
           "'[', '{', "
           "or a literal; the text is empty"}}},
        {"a comma too many",
         "{\n  \"listeners\": [],\n}",
         {{"",
           "not valid JSON: line 3, column 1: syntax error while parsing object key - unexpected '}'; expected string "
           "literal; a comma before a closing bracket has to go"}}},
        {"more after the end",
         "{} {}",
         {{"",
           "not valid JSON: line 1, column 4: syntax error while parsing value - unexpected '{'; expected end of "
           "input"}}},
        {"a list", "[]", {{"", "expected an object, found an empty list"}}},
        {"a key twice",
         R"({"listeners":[],"listeners":[]})",
         {{"/listeners", "the key \"listeners\" is written twice"}}},
        {"a key twice, deep down",
         R"({"upstreams":{"a/b":{"endpoints":[{"address":"h:1","weight":1,"weight":2}]}}})",
         {{"/upstreams/a~1b/endpoints/0/weight", "the key \"weight\" is written twice"}}},
    });
}

TEST_CASE("what is said of broken text is text itself") {
    const auto errors = parse("\xc3\xbf").errors;  // the reader stops inside the letter
    REQUIRE(errors.size() == 1);
    CHECK(is_utf8(errors[0].detail));
    CHECK(errors[0].detail.starts_with("not valid JSON: line 1, column 1"));
}

TEST_CASE("unknown keys and words name the nearest known one") {
    check({
        {"top", R"({"upstrems":{}})", {{"/upstrems", "unknown key \"upstrems\"; did you mean \"upstreams\"?"}}},
        {"nothing near",
         R"({"zzz":1})",
         {{"/zzz", "unknown key \"zzz\"; known here: process, listeners, certificates, upstreams, routes"}}},
        {"inside an upstream",
         upstream(R"("helth":{})"),
         {{"/upstreams/blue/helth", "unknown key \"helth\"; did you mean \"health\"?"}}},
        {"another product's word",
         upstream(R"("balance":"least_conn")"),
         {{"/upstreams/blue/balance",
           "unknown value \"least_conn\"; known here: random_two, weighted_round_robin, least_connections, ip_hash, "
           "peak_ewma"}}},
        {"a state",
         upstream(R"("health":{"type":"htp"})"),
         {{"/upstreams/blue/health/type", "unknown value \"htp\"; did you mean \"http\"?"}}},
        {"an upstream in the split",
         route(R"("split":{"grene":1})"),
         {{"/routes/0/split/grene", "no upstream is named \"grene\"; did you mean \"green\"?"}}},
        {"an upstream in a rule",
         route(R"("split":{"blue":1},"rules":[{"name":"r","when":{"path":"/x"},"upstream":"gren"}])"),
         {{"/routes/0/rules/0/upstream", "no upstream is named \"gren\"; did you mean \"green\"?"}}},
        {"a fallback",
         upstream(R"("breaker":{"fallback":"sorry"})"),
         {{"/upstreams/blue/breaker/fallback", "no upstream is named \"sorry\"; known here: blue"}}},
        {"a condition",
         when(R"({"headr":"X","equals":"y"})"),
         {{"/routes/0/rules/0/when/headr", "unknown key \"headr\"; did you mean \"header\"?"}}},
        {"a key",
         route(R"("split":{"blue":1},"sticky":{"by":"cooky:uid"})"),
         {{"/routes/0/sticky/by", "unknown kind of key \"cooky\"; did you mean \"cookie\"?"}}},
    });
}

TEST_CASE("values of the wrong kind say what was expected and what was found") {
    check({
        {"a number",
         upstream(R"("queue_limit":"many")"),
         {{"/upstreams/blue/queue_limit", "expected a whole number from 0 to 1000000, found \"many\""}}},
        {"a fraction",
         upstream(R"("queue_limit":1.5)"),
         {{"/upstreams/blue/queue_limit", "expected a whole number from 0 to 1000000, found 1.5"}}},
        {"a negative number",
         upstream(R"("queue_limit":-1)"),
         {{"/upstreams/blue/queue_limit", "expected a whole number from 0 to 1000000, found -1"}}},
        {"larger than 64 bits",
         upstream(R"("queue_limit":18446744073709551615)"),
         {{"/upstreams/blue/queue_limit", "expected a whole number from 0 to 1000000, found 18446744073709551615"}}},
        {"a duration without unit",
         upstream(R"("slow_start":30)"),
         {{"/upstreams/blue/slow_start", "expected a duration such as \"500ms\" or \"30s\", found 30"}}},
        {"a duration with a strange unit",
         upstream(R"("slow_start":"30sec")"),
         {{"/upstreams/blue/slow_start",
           "expected a duration such as \"500ms\", \"30s\", \"2m\", \"1h\" or \"1m30s\", found \"30sec\""}}},
        {"too short",
         upstream(R"("timeouts":{"connect":"0s"})"),
         {{"/upstreams/blue/timeouts/connect", "expected a duration from 1ms to 30d, found \"0s\""}}},
        {"too long",
         upstream(R"("timeouts":{"connect":"31d"})"),
         {{"/upstreams/blue/timeouts/connect", "expected a duration from 1ms to 30d, found \"31d\""}}},
        {"a size",
         route(R"("split":{"blue":1},"limits":{"body":"10MB"})"),
         {{"/routes/0/limits/body",
           "expected one of the units B, KiB, MiB, GiB, TiB (powers of 1024), found \"10MB\""}}},
        {"an address",
         R"({"upstreams":{"blue":{"endpoints":[{"address":"127.0.0.1"}]}}})",
         {{"/upstreams/blue/endpoints/0/address",
           "\"127.0.0.1\" is no address: expected host:port, [v6]:port or unix:/path; the port is missing"}}},
        {"IPv6 without brackets",
         R"({"upstreams":{"blue":{"endpoints":[{"address":"::1:80"}]}}})",
         {{"/upstreams/blue/endpoints/0/address",
           "\"::1:80\" is no address: an IPv6 address is written in brackets, as in [::1]:8080"}}},
        {"something missing",
         R"({"upstreams":{"blue":{"endpoints":[{"weight":2}]}}})",
         {{"/upstreams/blue/endpoints/0", "the key \"address\" is missing"}}},
        {"null", R"({"listeners":null})", {{"/listeners", "expected a list, found null"}}},
        {"hash without a key",
         upstream(R"("balance":"hash")"),
         {{"/upstreams/blue/balance", "\"hash\" needs its key: {\"hash\": \"header:X-User\"}"}}},
        {"a key without a name",
         upstream(R"("balance":{"hash":"header"})"),
         {{"/upstreams/blue/balance/hash", "expected a name, as in \"header:NAME\""}}},
        {"a secret is not repeated",
         route(R"("split":{"blue":1},"jwt":{"algorithm":"HS256","key":12345})"),
         {{"/routes/0/jwt/key", R"(expected a string, {"env": "NAME"} or {"file": "PATH"})"}}},
    });
}

TEST_CASE("conditions are checked key by key") {
    check({
        {"no object",
         when(R"("canary")"),
         {{"/routes/0/rules/0/when", "expected a condition (an object), found \"canary\""}}},
        {"no test",
         when(R"({"header":"X"})"),
         {{"/routes/0/rules/0/when", "expected a test: equals, in, prefix, matches or present"}}},
        {"no subject",
         when(R"({"equals":"x"})"),
         {{"/routes/0/rules/0/when",
           "expected what to look at: header, cookie, query, claim, client, method, path, host, all, any or not"}}},
        {"two subjects",
         when(R"({"header":"X","cookie":"y","equals":"x"})"),
         {{"/routes/0/rules/0/when/cookie", "\"header\" is already there; join conditions with \"all\" or \"any\""}}},
        {"two tests",
         when(R"({"header":"X","equals":"x","prefix":"y"})"),
         {{"/routes/0/rules/0/when/prefix", "\"equals\" is already there; one test each"}}},
        {"a test beside all",
         when(R"({"all":[{"path":"/x"}],"equals":"x"})"),
         {{"/routes/0/rules/0/when/equals", "\"all\" takes no test beside it"}}},
        {"all of nothing",
         when(R"({"all":[]})"),
         {{"/routes/0/rules/0/when/all", "expected a list of conditions, found an empty list"}}},
        {"a value and a test",
         when(R"({"path":"/x","prefix":"/x"})"),
         {{"/routes/0/rules/0/when/prefix", "write {\"path\": true, \"prefix\": …}"}}},
        {"present: false",
         when(R"({"header":"X","present":false})"),
         {{"/routes/0/rules/0/when/present",
           "expected true, found false; absence is {\"not\": {…, \"present\": true}}"}}},
        {"in without a list",
         when(R"({"header":"X","in":"x"})"),
         {{"/routes/0/rules/0/when/in", "expected a list of strings, found \"x\""}}},
        {"a CIDR",
         when(R"({"client":"10.0.0.0/33"})"),
         {{"/routes/0/rules/0/when/client", "\"10.0.0.0/33\": expected a prefix length from 0 to 32 after the slash"}}},
        {"a CIDR among others",
         when(R"({"client":true,"in":["10.0.0.0/8","10.1.2.3/8"]})"),
         {{"/routes/0/rules/0/when/in/1", "\"10.1.2.3/8\": has bits set below the prefix; the block is 10.0.0.0/8"}}},
        {"the client by pattern",
         when(R"({"client":true,"matches":"^10"})"),
         {{"/routes/0/rules/0/when", "the client is tested by address blocks: {\"client\": \"10.0.0.0/8\"}"}}},
        {"a claim without jwt",
         when(R"({"claim":"sub","equals":"x"})"),
         {{"/routes/0/rules/0/when/claim",
           "claims can be used only where the route has \"jwt\", which verifies them"}}},
        {"a header name",
         when(R"({"header":"X User","equals":"x"})"),
         {{"/routes/0/rules/0/when/header", "\"X User\" is no header name"}}},
        {"inside all and not",
         when(R"({"all":[{"path":"/x"},{"not":{"cookie":"a b","present":true}}]})"),
         {{"/routes/0/rules/0/when/all/1/not/cookie", "\"a b\" is no cookie name"}}},
    });
    const auto bad_pattern = parse(when(R"({"path":true,"matches":"(["})"));
    REQUIRE(bad_pattern.errors.size() == 1);
    CHECK(bad_pattern.errors[0].pointer == "/routes/0/rules/0/when/matches");
    CHECK(bad_pattern.errors[0].detail.starts_with("is no regular expression (RE2): "));
}

TEST_CASE("all errors of a document come at once, and none is a mere echo of another") {
    check({{"a document with many faults",
            R"({
                "process": {"workers": -1, "log": {"level": "loud"}},
                "listeners": [{"name": "web", "bind": "8080"}],
                "upstreams": {"blue": {"endpoints": [{"address": "nowhere"}, {"address": "also nowhere"}]}},
                "routes": [{"name": "forum", "split": {"blue": "all"}}, {"name": "forum", "split": {"green": 1},
                            "match": {"path_prefix": "x"}}]
            })",
            {{"/process/workers", "expected a whole number from 0 to 1024, found -1"},
             {"/process/log/level", "unknown value \"loud\"; known here: debug, info, warn, error"},
             {"/listeners/0/bind",
              "\"8080\" is no address: expected host:port, [v6]:port or unix:/path; the port is missing"},
             {"/upstreams/blue/endpoints/0/address",
              "\"nowhere\" is no address: expected host:port, [v6]:port or unix:/path; the port is missing"},
             {"/upstreams/blue/endpoints/1/address",
              "\"also nowhere\" is no address: expected host:port, [v6]:port or unix:/path; the port is missing"},
             {"/routes/0/split/blue", "expected a whole number from 0 to 1000000, found \"all\""},
             {"/routes/1/name", "route \"forum\" is there already, as number 0"},
             {"/routes/1/match/path_prefix", "\"x\": expected a path that begins with '/'"},
             {"/routes/1/split/green", "no upstream is named \"green\"; known here: blue"}}},
           {"a lost section is not reported again wherever it is used",
            R"({"upstreams": [], "routes": [{"name": "forum", "split": {"blue": 1}}]})",
            {{"/upstreams", "expected an object, found an empty list"}}}});
}
