#include "config/check/diff.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/fields/fields_route.h"
#include "config/parse.h"

using namespace switchyard::config;

namespace {

Model model(const std::string& text) {
    auto result = parse(text);
    for (const auto& error : result.errors) MESSAGE(error.pointer << ": " << error.detail);
    REQUIRE(result.model);
    return *result.model;
}

using Lines = std::vector<std::string>;

std::string endpoints(const std::string& list) {
    return R"({"upstreams":{"blue":{"endpoints":[)" + list + "]}}}";
}

std::string route(const std::string& inside) {
    return R"({"upstreams":{"blue":{"endpoints":[]},"green":{"endpoints":[]},"red":{"endpoints":[]}},)"
           R"("routes":[{"name":"forum",)" +
           inside + "}]}";
}

}  // namespace

TEST_CASE("changes are told in words") {
    struct Row {
        std::string before, after;
        Lines lines;
    };
    const std::vector<Row> rows{
        {"{}", "{}", {}},
        {route(R"("split":{"blue":100,"green":0})"),
         route(R"("split":{"blue":0,"green":100})"),
         {"route forum: split blue 100 → 0, green 0 → 100"}},
        {route(R"("split":{"blue":1},"rules":[{"name":"a","when":{"path":"/x"},"upstream":"green"}])"),
         route(R"("split":{"blue":1},"rules":[{"name":"a","when":{"path":"/x"},"respond":{"status":403}},)"
               R"({"name":"b","when":{"path":"/y"},"respond":{"status":404}}])"),
         {"route forum: rule a upstream green → none", "route forum: rule a respond.status 0 → 403",
          "route forum: rule b added (answers 404)"}},
        {route(R"("split":{"blue":1},"rules":[{"name":"a","when":{"path":"/x"},"deny":403}])"),
         route(R"("split":{"blue":1},"rules":[{"name":"a","when":{"path":"/x"},"deny":404}])"),
         {"route forum: rule a deny 403 → 404"}},
        {route(R"("split":{"blue":100})"),
         route(R"("split":{"green":100})"),
         {"route forum: split blue 100 → 0, green 0 → 100"}},
        {route(R"("split":{"blue":95,"green":5})"),
         route(R"("split":{"blue":90,"green":5,"red":5})"),
         {"route forum: split blue 95 → 90, red 0 → 5"}},
        {route(R"("split":{"blue":1})"),
         route(R"("split":{"blue":1,"green":0})"),
         {"route forum: split green added at weight 0"}},
        {route(R"("split":{"blue":1,"green":1})"),
         route(R"("split":{"green":1,"blue":1})"),
         {"route forum: split in new order: green, blue"}},
        {endpoints(R"({"address":"127.0.0.1:9001"})"),
         endpoints(R"({"address":"127.0.0.1:9001"},{"address":"127.0.0.1:9003","weight":2})"),
         {"upstream blue: endpoint 127.0.0.1:9003 added (weight 2)"}},
        {endpoints(R"({"address":"127.0.0.1:9001"})"),
         endpoints(R"({"address":"h:1","backup":true,"state":"maint"})"),
         {"upstream blue: endpoint 127.0.0.1:9001 removed",
          "upstream blue: endpoint h:1 added (weight 1, backup, maint)"}},
        {endpoints(R"({"address":"h:1"})"),
         endpoints(R"({"address":"h:1","weight":5,"state":"drain"})"),
         {"upstream blue: endpoint h:1 weight 1 → 5", "upstream blue: endpoint h:1 state up → drain"}},
        {endpoints(R"({"address":"h:1"},{"address":"h:2"})"),
         endpoints(R"({"address":"h:2"},{"address":"h:1"})"),
         {"upstream blue: endpoints reordered: h:2, h:1"}},
        {R"({"upstreams":{"a":{"endpoints":[]},"b":{"endpoints":[]}}})",
         R"({"upstreams":{"b":{"endpoints":[],"balance":{"hash":"cookie:u"},"timeouts":{"connect":"2s"}},"c":{"endpoints":[{"address":"h:1"}]}}})",
         {"upstream a removed", "upstream b: balance random_two → {\"hash\":\"cookie:u\"}",
          "upstream b: timeouts.connect 1s → 2s", "upstream c added (1 endpoint)"}},
        {R"({"process":{"workers":1},"listeners":[{"name":"web","bind":"127.0.0.1:80"}]})",
         R"({"process":{"workers":2},"listeners":[{"name":"web","bind":"127.0.0.1:81"},{"name":"tls","bind":"[::1]:443"}]})",
         {"process: workers 1 → 2", "listener web: bind 127.0.0.1:80 → 127.0.0.1:81",
          "listener tls added ([::1]:443)"}},
        {route(R"("split":{"blue":1})"),
         route(
             R"("split":{"blue":1},"rules":[{"name":"canary","when":{"header":"X","equals":"y"},"upstream":"green"}])"),
         {"route forum: rule canary added (→ green)"}},
        {route(R"("split":{"blue":1},"rules":[{"name":"c","when":{"path":"/a"},"upstream":"green"}])"),
         route(R"("split":{"blue":1},"rules":[{"name":"c","when":{"path":"/b"},"upstream":"red"}])"),
         {"route forum: rule c upstream green → red",
          "route forum: rule c when {\"path\":\"/a\"} → {\"path\":\"/b\"}"}},
        {route(R"("split":{"blue":1})"),
         route(
             R"("split":{"blue":1},"sticky":{"by":"cookie:uid"},"request_headers":{"set":{"X-Env":"prod"}},"match":{"hosts":["a.example","b.example"]})"),
         {"route forum: match.hosts none → a.example, b.example",
          "route forum: sticky none → "
          "{\"by\":\"cookie:uid\",\"mint\":false,\"missing\":\"baseline\",\"salt\":\"\",\"attributes\":"
          "{\"secure\":false,\"same_site\":\"lax\",\"domain\":\"\",\"path\":\"/\",\"max_age\":null}}",
          "route forum: request_headers.set.X-Env none → prod"}},
        {route(R"("split":{"blue":1})"),
         R"({"upstreams":{"blue":{"endpoints":[]},"green":{"endpoints":[]},"red":{"endpoints":[]}},
          "routes":[{"name":"go","redirect":{"to":"https://a.example"}},{"name":"no","match":{"path_exact":"/"},"respond":{"status":410}}]})",
         {"route forum removed", "route go added (redirect to https://a.example)", "route no added (answers 410)"}},
        {route(R"("split":{"blue":1},"jwt":{"algorithm":"HS256","key":"old secret"})"),
         route(R"("split":{"blue":1},"jwt":{"algorithm":"HS256","key":"new secret"})"),
         {"route forum: jwt.key changed"}},
    };
    for (const auto& row : rows) {
        CAPTURE(row.after);
        CHECK(diff(model(row.before), model(row.after)) == row.lines);
    }
}

TEST_CASE("a long value is cut, and a difference behind the cut is still told") {
    const std::string start(500, 'x');
    const auto body = [&](const std::string& end) {
        return model(R"({"routes":[{"name":"r","respond":{"status":200,"body":")" + start + end + "\"}}]}");
    };
    const auto lines = diff(body("a"), body("b"));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "route r: respond.body changed");
}

namespace {

// Changes one member of a rule after the other, whatever keys there are.
struct EachMember {
    const Model& before;
    std::size_t members = 0;

    static void change(std::string& text) { text += "x"; }
    static void change(std::uint16_t& number) { ++number; }
    static void change(Respond& respond) { ++respond.status; }
    static void change(Condition& when) { when.values = {"/elsewhere"}; }

    template <class M>
    void operator()(std::string_view key, M Rule::*member, const Field&) {
        if (key == "name") return;  // then it is another rule
        Model after = before;
        change(after.routes[0].rules[0].*member);
        CAPTURE(key);
        const Lines lines = diff(before, after);
        REQUIRE(lines.size() == 1);
        CHECK(lines[0].starts_with("route forum: rule a " + std::string(key)));
        ++members;
    }
};

}  // namespace

TEST_CASE("whatever differs in a rule is told") {
    const Model before =
        model(route(R"("split":{"blue":1},"rules":[{"name":"a","when":{"path":"/x"},"upstream":"green"}])"));
    EachMember each{before};
    describe(each, Type<Rule>{});
    CHECK(each.members >= 5);
}
