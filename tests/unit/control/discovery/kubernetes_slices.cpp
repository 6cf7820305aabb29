#include "control/discovery/kubernetes_slices.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace switchyard::control::discovery;

namespace {

using Read = KubernetesSlices::Read;
constexpr bool kFirst = false, kGoesOn = true;

std::string endpoint_of(const std::string& address, const std::string& conditions) {
    return fmt::format(R"({{"addresses":["{}"],"conditions":{}}})", address, conditions);
}
std::string slice_of(const std::string& name, const std::string& endpoints, int version = 7,
                     const std::string& ports = R"([{"name":"http","port":8080},{"name":"metrics","port":9}])") {
    return fmt::format(
        R"({{"metadata":{{"name":"{}","resourceVersion":"{}"}},"addressType":"IPv4","ports":{},"endpoints":[{}]}})",
        name, version, ports, endpoints);
}
std::string list_of(const std::string& items) {
    return fmt::format(R"({{"kind":"EndpointSliceList","metadata":{{"resourceVersion":"12"}},"items":[{}]}})", items);
}
std::string event_of(const std::string& type, const std::string& object) {
    return fmt::format(R"({{"type":"{}","object":{}}})", type, object);
}
const std::string kReady = R"({"ready":true,"serving":true,"terminating":false})";

}  // namespace

TEST_CASE("all slices of a service together, with what each endpoint's conditions mean") {
    KubernetesSlices slices("http");
    std::string why;
    const auto first = slice_of("a", endpoint_of("10.0.0.1", kReady) + "," + endpoint_of("10.0.0.2", "{}"));
    const auto second =
        slice_of("b", endpoint_of("10.0.0.3", R"({"ready":false,"serving":true,"terminating":true})") + "," +
                          endpoint_of("10.0.0.4", R"({"ready":false,"serving":false,"terminating":true})") + "," +
                          endpoint_of("10.0.0.5", R"({"ready":false,"serving":false,"terminating":false})") + "," +
                          endpoint_of("10.0.0.6", R"({"ready":null})"));
    REQUIRE(slices.list(list_of(first + "," + second), kFirst, &why) == Read::changed);
    CHECK(slices.version() == "12");
    const auto seen = slices.sighting();
    REQUIRE(seen.complete);
    REQUIRE(seen.found.size() == 5);
    CHECK(seen.found[0].address.text() == "10.0.0.1:8080");
    CHECK_FALSE(seen.found[1].down);
    CHECK(seen.found[2].draining);
    CHECK_FALSE(seen.found[2].down);
    CHECK(seen.found[3].address.host == "10.0.0.5");
    CHECK(seen.found[3].down);
    CHECK_FALSE(seen.found[4].down);
}

TEST_CASE("a watch adds, changes and deletes slices, and remembers where it is") {
    KubernetesSlices slices("8080");
    std::string why;
    REQUIRE(slices.list(list_of(""), kFirst, &why) == Read::changed);
    CHECK(slices.sighting().complete);
    CHECK(slices.sighting().found.empty());
    CHECK(slices.event(event_of("ADDED", slice_of("a", endpoint_of("10.0.0.1", kReady), 13)), &why) == Read::changed);
    CHECK(slices.event(event_of("MODIFIED", slice_of("a", endpoint_of("10.0.0.2", kReady), 14)), &why) ==
          Read::changed);
    CHECK(slices.sighting().found.size() == 1);
    CHECK(slices.sighting().found[0].address.host == "10.0.0.2");
    CHECK(slices.event(event_of("BOOKMARK", R"({"metadata":{"resourceVersion":"20"}})"), &why) == Read::same);
    CHECK(slices.version() == "20");
    CHECK(slices.event(event_of("DELETED", slice_of("a", "", 21)), &why) == Read::changed);
    CHECK(slices.sighting().found.empty());
    CHECK(slices.event(event_of("ERROR", R"({"kind":"Status","code":410,"reason":"Expired"})"), &why) == Read::stale);
    CHECK(slices.event(event_of("ERROR", R"({"code":500,"message":"etcd is away"})"), &why) == Read::broken);
    CHECK(why == "the watch ended: etcd is away");
    CHECK(slices.event("<html>Welcome to the portal</html>", &why) == Read::broken);
    CHECK(why == "the watch says what is no event: <html>Welcome to the portal</html>");
}

TEST_CASE("ports: by name, by number, the only one; what is not there is no answer, and not nothing") {
    std::string why;
    const auto seen = [&](const std::string& port, const std::string& ports) {
        KubernetesSlices slices(port);
        const auto list = list_of(slice_of("a", endpoint_of("10.0.0.1", kReady), 7, ports));
        REQUIRE(slices.list(list, kFirst, &why) == Read::changed);
        return slices.sighting();
    };
    const std::string two = R"([{"name":"http","port":8080},{"name":"metrics","port":9}])";
    CHECK(seen("metrics", two).found.at(0).address.port == 9);
    CHECK(seen("", R"([{"name":"","port":80}])").found.at(0).address.port == 80);
    CHECK(seen("", two).why == "the service has several ports: name one");
    CHECK(seen("grpc", two).why == "the service has no port grpc");
    CHECK(seen("http", "null").why == "the service has no port http");
}

TEST_CASE("what is no list takes nothing from what was known") {
    KubernetesSlices slices("http");
    std::string why;
    slices.list(list_of(slice_of("a", endpoint_of("10.0.0.1", kReady))), kFirst, &why);
    for (const char* text : {"", "{}", "[]", R"({"items":[]})", R"({"items":7,"metadata":{"resourceVersion":"1"}})"})
        CHECK(slices.list(text, kFirst, &why) == Read::broken);
    CHECK(slices.sighting().found.size() == 1);
}

TEST_CASE("a list in pages is all of its pages, and begins anew with the first") {
    KubernetesSlices slices("http");
    std::string why;
    const auto page = [](const std::string& name, const std::string& address, const std::string& next) {
        return fmt::format(R"({{"metadata":{{"resourceVersion":"12","continue":"{}"}},"items":[{}]}})", next,
                           slice_of(name, endpoint_of(address, kReady)));
    };
    REQUIRE(slices.list(page("a", "10.0.0.1", "more"), kFirst, &why) == Read::changed);
    CHECK(slices.next() == "more");
    REQUIRE(slices.list(page("b", "10.0.0.2", ""), kGoesOn, &why) == Read::changed);
    CHECK(slices.next().empty());
    CHECK(slices.sighting().found.size() == 2);
    REQUIRE(slices.list(page("c", "10.0.0.3", ""), kFirst, &why) == Read::changed);
    CHECK(slices.sighting().found.size() == 1);
}
