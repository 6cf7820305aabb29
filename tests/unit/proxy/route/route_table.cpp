#include "proxy/route/route_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "proxy/snapshot/registry.h"

using namespace switchyard::route;
namespace config = switchyard::config;

namespace {

struct Table {
    RouteTable table;
    std::map<std::string, std::shared_ptr<switchyard::SharedCount>> listeners;

    void add(const std::string& name, const config::Match& match) {
        auto route = std::make_shared<Route>();
        route->name = name;
        route->methods = match.methods;
        for (const auto& listener : match.listeners) route->listeners.push_back(connections_of(listener));
        if (!match.path_matches.empty()) route->path_matches = std::make_shared<Expression>(match.path_matches, 0u);
        if (!match.host_matches.empty()) route->host_matches = std::make_shared<Expression>(match.host_matches, 0u);
        route->before_expressions = match.before_expressions;
        table.add(match, std::move(route));
    }
    std::string find(const std::string& host, const std::string& path, const std::string& method = "GET",
                     const std::string& listener = "web") {
        const Route* route = table.find(host, path, method, connections_of(listener).get());
        return route == nullptr ? "none" : route->name;
    }
    std::shared_ptr<switchyard::SharedCount> connections_of(const std::string& listener) {
        auto& count = listeners[listener];
        if (!count) count = std::make_shared<switchyard::SharedCount>();
        return count;
    }
};

config::Match match(std::vector<std::string> hosts, std::string prefix, std::string exact = {},
                    std::vector<std::string> methods = {}) {
    config::Match out;
    out.hosts = std::move(hosts);
    out.path_prefix = std::move(prefix);
    out.path_exact = std::move(exact);
    out.methods = std::move(methods);
    return out;
}

// An expression within a prefix.
config::Match expression(std::string pattern, std::string prefix = "/", bool before_prefixes = false) {
    config::Match out;
    out.path_prefix = std::move(prefix);
    out.path_matches = std::move(pattern);
    out.before_prefixes = before_prefixes;
    return out;
}

// The same question answered by looking at every route: the order of the contract, written down as a score.
struct Slow {
    struct Entry {
        std::string name;
        config::Match match;
    };
    std::vector<Entry> entries;

    static bool path_fits(const config::Match& m, const std::string& path) {
        if (!m.path_exact.empty()) return path == m.path_exact;
        std::string prefix = m.path_prefix;
        while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
        return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
    }
    std::string find(const std::string& host, const std::string& path, const std::string& method,
                     const std::string& listener) const {
        std::string best = "none";
        std::vector<long> best_score;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const auto& m = entries[i].match;
            if (!path_fits(m, path)) continue;
            if (!m.methods.empty() && std::find(m.methods.begin(), m.methods.end(), method) == m.methods.end())
                continue;
            if (!m.listeners.empty() && std::ranges::find(m.listeners, listener) == m.listeners.end()) continue;
            long host_score = m.hosts.empty() ? 0 : -1;
            for (const auto& h : m.hosts) {
                if (h == host) host_score = std::max(host_score, 1'000'000L);
                if (h == "*") host_score = std::max(host_score, 0L);
                if (h.starts_with("*.") && host.size() >= h.size() && host.ends_with(h.substr(1)))
                    host_score = std::max(host_score, static_cast<long>(h.size()));
            }
            if (host_score < 0) continue;
            const std::vector<long> score{host_score, m.path_exact.empty() ? 0 : 1,
                                          static_cast<long>(m.path_exact.empty() ? m.path_prefix.size() : 0),
                                          -static_cast<long>(i)};
            if (score > best_score) best_score = score, best = entries[i].name;
        }
        return best;
    }
};

}  // namespace

TEST_CASE("the most specific host wins, then the exact path, then the longest prefix") {
    Table t;
    t.add("any", match({}, "/"));
    t.add("any-api", match({}, "/api"));
    t.add("suffix", match({"*.example"}, "/"));
    t.add("longer-suffix", match({"*.b.example"}, "/"));
    t.add("exact", match({"a.b.example"}, "/"));
    t.add("exact-api", match({"a.b.example"}, "/api"));
    t.add("exact-api-v1", match({"a.b.example"}, "/api/v1"));
    t.add("exact-path", match({"a.b.example"}, "/", "/api/v1"));
    CHECK(t.find("other", "/x") == "any");
    CHECK(t.find("other", "/api/x") == "any-api");
    CHECK(t.find("x.example", "/api") == "suffix");
    CHECK(t.find("x.b.example", "/") == "longer-suffix");
    CHECK(t.find("y.x.b.example", "/") == "longer-suffix");
    CHECK(t.find("a.b.example", "/") == "exact");
    CHECK(t.find("a.b.example", "/api") == "exact-api");
    CHECK(t.find("a.b.example", "/api/v2") == "exact-api");
    CHECK(t.find("a.b.example", "/api/v1/x") == "exact-api-v1");
    CHECK(t.find("a.b.example", "/api/v1") == "exact-path");
    CHECK(t.find("example", "/") == "any");  // *.example wants something before the dot
    CHECK(t.find("", "/") == "any");
}

TEST_CASE("a prefix ends at the border of a segment") {
    Table t;
    t.add("api", match({}, "/api"));
    t.add("slash", match({}, "/dir/"));
    CHECK(t.find("h", "/api") == "api");
    CHECK(t.find("h", "/api/") == "api");
    CHECK(t.find("h", "/api/x") == "api");
    CHECK(t.find("h", "/apiary") == "none");
    CHECK(t.find("h", "/ap") == "none");
    CHECK(t.find("h", "/dir") == "slash");
    CHECK(t.find("h", "/dir/x") == "slash");
    CHECK(t.find("h", "*") == "none");
}

TEST_CASE("a route whose methods do not fit is passed over") {
    Table t;
    t.add("write", match({}, "/api", {}, {"POST", "PUT"}));
    t.add("read", match({}, "/api", {}, {"GET"}));
    t.add("rest", match({}, "/"));
    CHECK(t.find("h", "/api", "POST") == "write");
    CHECK(t.find("h", "/api", "GET") == "read");
    CHECK(t.find("h", "/api", "DELETE") == "rest");
    CHECK(t.find("h", "/api", "get") == "rest");
}

TEST_CASE("a route for other listeners is passed over, whatever its host and path") {
    Table t;
    auto inner = match({"a.example"}, "/admin");
    inner.listeners = {"inner", "unix"};
    t.add("inner", inner);
    auto public_one = match({}, "/");
    public_one.listeners = {"web"};
    t.add("public", public_one);
    CHECK(t.find("a.example", "/admin/x", "GET", "inner") == "inner");
    CHECK(t.find("a.example", "/admin/x", "GET", "unix") == "inner");
    CHECK(t.find("a.example", "/admin/x", "GET", "web") == "public");
    CHECK(t.find("b.example", "/", "GET", "inner") == "none");
    CHECK(t.table.find("a.example", "/admin/x", "GET", nullptr) == nullptr);
}

TEST_CASE("an expression says more than its own prefix, and less than a longer one") {
    Table t;
    t.add("root", match({}, "/"));
    t.add("php", expression("\\.php$"));
    t.add("digits", expression("[0-9]"));
    t.add("static", match({}, "/static"));
    t.add("static-js", expression("\\.js$", "/static"));
    t.add("exact", match({}, "/", "/x.php"));
    CHECK(t.find("h", "/a") == "root");
    CHECK(t.find("h", "/a.php") == "php");
    CHECK(t.find("h", "/1.php") == "php");  // as written
    CHECK(t.find("h", "/1.css") == "digits");
    CHECK(t.find("h", "/static/a.php") == "static");
    CHECK(t.find("h", "/static/a.js") == "static-js");
    CHECK(t.find("h", "/a.js") == "root");
    CHECK(t.find("h", "/x.php") == "exact");
    CHECK(t.find("h", "*", "OPTIONS") == "root");
}

TEST_CASE("expressions before the prefixes are asked as nginx asks them") {
    Table t;
    t.add("root", match({}, "/"));
    t.add("php", expression("\\.php$", "/", true));
    t.add("sub-php", expression("\\.php$", "/sub", true));
    t.add("sub", match({}, "/sub"));
    config::Match firm = match({}, "/static");
    firm.before_expressions = true;
    t.add("static", firm);
    t.add("static-deep", match({}, "/static/deep"));
    t.add("static-inner", expression("\\.in\\.php$", "/static", true));
    t.add("exact", match({}, "/", "/x.php"));
    CHECK(t.find("h", "/a.php") == "php");
    CHECK(t.find("h", "/sub/a.php") == "sub-php");
    CHECK(t.find("h", "/sub/a") == "sub");
    CHECK(t.find("h", "/subx.php") == "php");
    CHECK(t.find("h", "/static/a.php") == "static");
    CHECK(t.find("h", "/static/a.in.php") == "static-inner");  // it stands inside
    CHECK(t.find("h", "/static/deep/a.php") == "php");         // the longest prefix says nothing
    CHECK(t.find("h", "/x.php") == "exact");
    CHECK(t.find("h", "*", "OPTIONS") == "root");
}

TEST_CASE("hosts by expression come behind those that are named, as written, and before any") {
    Table t;
    t.add("any", match({}, "/"));
    t.add("named", match({"a.example"}, "/"));
    t.add("masked", match({"*.b.example"}, "/"));
    config::Match first, second, second_api;
    first.host_matches = "^[ab]";
    second.host_matches = second_api.host_matches = "example$";
    second_api.path_prefix = "/api";
    first.methods = {"GET"};
    t.add("first", first);
    t.add("second", second);
    t.add("second-api", second_api);
    CHECK(t.find("a.example", "/") == "named");
    CHECK(t.find("a.b.example", "/") == "masked");
    CHECK(t.find("axe", "/") == "first");
    CHECK(t.find("a.c.example", "/") == "first");
    CHECK(t.find("a.c.example", "/", "POST") == "second");  // passed over
    CHECK(t.find("c.example", "/api/x") == "second-api");
    CHECK(t.find("c.test", "/") == "any");
}

TEST_CASE("among equals the first written wins, and the asterisk has the root's routes") {
    Table t;
    t.add("first", match({}, "/"));
    t.add("second", match({}, "/"));
    CHECK(t.find("h", "/x") == "first");
    CHECK(t.find("h", "*", "OPTIONS") == "first");
}

TEST_CASE("on random tables it finds what looking at every route finds") {
    std::mt19937 random(4);
    const std::vector<std::string> hosts{"a.x", "b.x", "*.x", "*.a.x", "*", "c.a.x"};
    const std::vector<std::string> asked{"a.x", "b.x", "c.x", "c.a.x", "d.c.a.x", "x", ""};
    const std::vector<std::string> paths{"/", "/a", "/a/b", "/a/bb", "/b", "/a/b/c"};
    const std::vector<std::string> asked_paths{"/", "/a", "/a/", "/a/b", "/a/b/c/d", "/ab", "/a/bb/x", "/b/a", "/c"};
    for (int round = 0; round < 300; ++round) {
        Table fast;
        Slow slow;
        for (unsigned i = 0; i < 1 + random() % 8; ++i) {
            config::Match m;
            for (auto h = random() % 3; h > 0; --h) m.hosts.push_back(hosts[random() % hosts.size()]);
            if (random() % 4 == 0)
                m.path_exact = paths[random() % paths.size()];
            else
                m.path_prefix = paths[random() % paths.size()];
            if (random() % 3 == 0) m.methods = {"POST"};
            if (random() % 3 == 0) m.listeners = {random() % 2 == 0 ? "web" : "inner"};
            const auto name = std::to_string(i);
            fast.add(name, m);
            slow.entries.push_back({name, m});
        }
        for (const auto& host : asked)
            for (const auto& path : asked_paths)
                for (const auto& [method, listener] :
                     {std::pair("GET", "web"), std::pair("POST", "web"), std::pair("GET", "inner")}) {
                    CAPTURE(round);
                    CAPTURE(host);
                    CAPTURE(path);
                    CAPTURE(method);
                    CAPTURE(listener);
                    REQUIRE(fast.find(host, path, method, listener) == slow.find(host, path, method, listener));
                }
    }
}

TEST_CASE("ten thousand routes are each found, and no slower than a hundred") {
    const auto nanoseconds_per_find = [](int routes) {
        Table t;
        for (int i = 0; i < routes; ++i)
            t.add(std::to_string(i), match({"host" + std::to_string(i) + ".example"}, "/app"));
        for (int i = 0; i < routes; ++i) {
            const auto name = std::to_string(i);
            REQUIRE(t.find("host" + name + ".example", "/app/x") == name);
        }
        constexpr int kFinds = 20'000;
        const auto begin = std::chrono::steady_clock::now();
        std::size_t found = 0;
        for (int i = 0; i < kFinds; ++i) found += t.table.find("host7.example", "/app/x", "GET", nullptr) != nullptr;
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        REQUIRE(found == kFinds);
        return took.count() / kFinds;
    };
    const double few = nanoseconds_per_find(100), many = nanoseconds_per_find(10'000);
    // Linear search would be a hundred times slower; ten leaves room for a busy machine.
    CHECK(many < 10 * few + 1000);
}
