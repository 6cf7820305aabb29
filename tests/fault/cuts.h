// How one side of a conversation leaves in the middle of it, and what the other made of that: a whole answer, a cut
// that cannot be mistaken for one, or the proxy's own words.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "settled.h"
#include "tests/support/crank.h"
#include "tests/support/strict_message.h"

namespace switchyard::test {

enum class Leaves { in_order, by_reset, stalls };

enum class Answered { whole, visibly_cut, gateway_error };

inline const std::string kWhole = "hello, world";
// Of an upstream: what stalls is over soon.
inline const std::string kTimes = R"("timeouts": {"response_head": "2s", "idle": "2s"})";

// What a client of HTTP/1 made of it; `late`: what it is told of an endpoint that says no more.
inline Answered seen_by(Crank& crank, Wire& client, Leaves how, int late) {
    const auto final_answer = [&] {
        std::string_view seen = client.seen;
        for (;;) {
            auto result = read_strict_response(seen, "GET", client.ended && !client.cut);
            if (result.outcome != StrictResult::Outcome::whole || result.message.status >= 200) return result;
            seen.remove_prefix(result.message.size);
        }
    };
    crank.until("what the client sees", [&] {
        client.read();
        return crank.context.active_exchanges == 0 &&
               (client.ended || client.cut || final_answer().outcome == StrictResult::Outcome::whole);
    });
    const auto seen = final_answer();
    REQUIRE(seen.outcome != StrictResult::Outcome::bad);
    if (seen.outcome == StrictResult::Outcome::partial) {
        REQUIRE(kWhole.starts_with(seen.message.body));
        return Answered::visibly_cut;
    }
    if (seen.message.status >= 500) {
        REQUIRE(seen.message.status == (how == Leaves::stalls ? late : 502));
        return Answered::gateway_error;
    }
    REQUIRE(seen.message.body == kWhole);
    return Answered::whole;
}

// Of one answer, cut everywhere.
struct CutCount {
    unsigned whole = 0, visible = 0, gateway = 0;
    void add(Answered answered, bool all_was_said) {
        if (answered == Answered::whole) REQUIRE(all_was_said);
        if (answered == Answered::whole) ++whole;
        if (answered == Answered::visibly_cut) ++visible;
        if (answered == Answered::gateway_error) ++gateway;
    }
    void check() const {
        CHECK(whole == 1);
        CHECK(gateway > 0);
        CHECK(visible > 0);
    }
};

inline void leave(Crank& crank, Wire& wire, Leaves how) {
    if (how == Leaves::in_order) wire.close();
    if (how == Leaves::by_reset) wire.reset();
    crank.turn();
    if (how == Leaves::stalls) crank.pass(3'000);
}

// The request that a client of HTTP/2 says, in whichever frames: POST with this body.
inline const std::string kSaid = "abcdef";

// Of a client of HTTP/2 that has left in it: what its endpoint, of HTTP/1, has seen, which is answered where it was the
// whole request. A part is never taken for that. How many it was.
inline unsigned whole_requests(Crank& crank, ListeningWire& endpoint, bool all_was_said) {
    Wire connection = endpoint.accept();
    if (!connection.is_open()) return 0;
    crank.until("what the endpoint sees", [&] {
        connection.read();
        return connection.ended || connection.cut ||
               read_strict_request(connection.seen).outcome == StrictResult::Outcome::whole;
    });
    const auto seen = read_strict_request(connection.seen);
    REQUIRE(seen.outcome != StrictResult::Outcome::bad);
    if (seen.outcome != StrictResult::Outcome::whole) return 0;
    REQUIRE(all_was_said);
    REQUIRE(seen.message.body == kSaid);
    if (!connection.ended && !connection.cut) crank.send(connection, "HTTP/1.1 204 No Content\r\n\r\n");
    return 1;
}

// It is gone, and nothing of it is left.
inline void check_forgotten(Crank& crank, Wire& client) {
    client.close();
    crank.turn();
    crank.pass(10'000);
    crank.until("the session to end", [&] { return crank.sessions() == 0; });
    check_settled(crank);
    REQUIRE(crank.context.http2.exchanges == 0);
    REQUIRE(crank.context.http2.unstarted == 0);
    REQUIRE(crank.context.http2.undelivered == 0);
}

}  // namespace switchyard::test
