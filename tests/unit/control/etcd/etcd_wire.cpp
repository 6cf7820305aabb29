#include "control/etcd/etcd_wire.h"

#include <doctest/doctest.h>

#include <random>

using namespace switchyard::control::etcd;
using Kind = WatchLine::Kind;

TEST_CASE("base64 there and back, and nothing that is not base64") {
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foob") == "Zm9vYg==");
    std::mt19937 random(1);
    for (int i = 0; i < 500; ++i) {
        std::string bytes(random() % 40, '\0');
        for (auto& c : bytes) c = static_cast<char>(random());
        CHECK(from_base64(base64(bytes)) == bytes);
    }
    for (const char* text : {"Z", "Zg=", "Z===", "Zg==Zg==", "Zm9v!A==", "=AAA"}) CHECK_FALSE(from_base64(text));
}

TEST_CASE("the end of a prefix") {
    CHECK(range_end("/a/") == "/a0");
    CHECK(range_end("a\xff") == "b");
    CHECK(range_end("\xff\xff") == std::string(1, '\0'));
}

TEST_CASE("requests, to the letter: etcd ignores a key that it does not know") {
    CHECK(range_request("/a/") == R"({"key":"L2Ev","range_end":"L2Ew"})");
    CHECK(watch_request("/a/", 12) == R"({"create_request":{"key":"L2Ev","range_end":"L2Ew","start_revision":"12"}})");
    CHECK(authenticate_request("root", "p\"w") == R"({"name":"root","password":"p\"w"})");
}

TEST_CASE("a range as etcd 3.4 answers it: numbers are strings, what is empty is left out") {
    std::string why;
    const auto two = read_range(
        R"({"header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437","revision":"7","raft_term":"2"},)"
        R"("kvs":[{"key":"L2EvMQ==","create_revision":"5","mod_revision":"5","version":"1","value":"MTAuMC4wLjE6ODA="},)"
        R"({"key":"L2EvMg==","mod_revision":"9007199254740993","version":"1"}],"count":"2"})",
        &why);
    REQUIRE(two);
    CHECK(two->revision == 7);
    CHECK(two->pairs == std::vector<Pair>{{"/a/1", "10.0.0.1:80", 5}, {"/a/2", "", 9007199254740993}});
    const auto none = read_range(R"({"header":{"revision":"1"}})", &why);
    REQUIRE(none);
    CHECK(none->pairs.empty());
    for (const char* text : {"", "{}", "[]", R"({"header":{}})", R"({"header":{"revision":"1"},"more":true})",
                             R"({"header":{"revision":"1"},"kvs":[{"key":"!"}]})"})
        CHECK_FALSE(read_range(text, &why));
}

TEST_CASE("lines of a watch") {
    CHECK(read_watch_line(R"({"result":{"header":{"revision":"7"},"created":true}})").kind == Kind::created);
    const auto events = read_watch_line(
        R"({"result":{"header":{"revision":"9"},"events":[{"kv":{"key":"L2EvMQ==","mod_revision":"9","value":"MQ=="}},)"
        R"({"type":"DELETE","kv":{"key":"L2EvMg==","mod_revision":"9"}}]}})");
    REQUIRE(events.kind == Kind::events);
    REQUIRE(events.events.size() == 2);
    CHECK_FALSE(events.events[0].deleted);
    CHECK(events.events[0].pair == Pair{"/a/1", "1", 9});
    CHECK(events.events[1].deleted);
    CHECK(events.events[1].pair.key == "/a/2");
    CHECK(read_watch_line(R"({"result":{"header":{"revision":"9"},"canceled":true,"compact_revision":"5"}})").kind ==
          Kind::compacted);
    CHECK(read_watch_line(R"({"result":{"canceled":true,"cancel_reason":"no leader"}})").why == "no leader");
    CHECK(read_watch_line(R"({"result":{"header":{"revision":"9"}}})").kind == Kind::progress);
    const auto error = read_watch_line(
        R"({"error":{"grpc_code":14,"http_code":503,"message":"rpc error: no leader","http_status":"Service Unavailable"}})");
    CHECK(error.kind == Kind::broken);
    CHECK(error.why == "rpc error: no leader");
    for (const char* text : {"", "{", "[]", R"({"result":7})", R"({"result":{"events":[{}]}})"})
        CHECK(read_watch_line(text).kind == Kind::broken);
}

TEST_CASE("errors, for people: the message of either shape") {
    CHECK(error_message(503, R"({"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14})") ==
          "503 etcdserver: no leader");
    CHECK(error_message(503, R"({"error":{"grpc_code":14,"message":"no leader"}})") == "503 no leader");
    CHECK(error_message(502, "Bad Gateway") == "502 Bad Gateway");
    CHECK(read_token(R"({"header":{},"token":"abc.1"})") == "abc.1");
    CHECK_FALSE(read_token("{}"));
}
