// The limits of an endpoint's connection, one row each, and of what waits on either.
#include "tests/unit/proxy/http2/limits.h"

#include <doctest/doctest.h>

namespace switchyard::http2::limits {

TEST_CASE("limits of an endpoint's connection: lanes, windows, heads and frames") {
    const std::string malformed = resets(ErrorCode::protocol_error);
    check<Asked>({
        {"kLaneWindow", http2::kLaneWindow,
         [](Asked& asked, std::size_t octets) {
             const std::uint32_t lane = asked.ask();
             asked.answer(lane);
             for (; octets > 0; octets -= std::min<std::size_t>(octets, http2::kMaxPayload))
                 asked.say(data(lane, std::min<std::size_t>(octets, http2::kMaxPayload)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxHead", http::kMaxHead,
         [](Asked& asked, std::size_t octets) {
             asked.answer(asked.ask(), {{"x", std::string(octets - 5, 'v')}});
         },
         malformed},
        {"kMaxFields", http::kMaxFields,
         [](Asked& asked, std::size_t fields) {
             asked.answer(asked.ask(), Pairs(fields, {"x", "v"}));
         },
         malformed},
        // Beyond a head, and within these, it is an answer that is none.
        {"kMaxEncoded", http2::kMaxEncoded,
         [](Asked& asked, std::size_t octets) {
             const std::string head = block({{":status", "200"}});
             asked.say(spread(asked.ask(), head + plain(octets - head.size()), 0));
         },
         kCalm, malformed},
        {"kMaxDecoded", http2::kMaxDecoded,
         [](Asked& asked, std::size_t octets) {
             asked.say(spread(asked.ask(), swollen({{":status", "200"}}, octets), 0));
         },
         kCalm, malformed},
        {"kMaxContinuations", http2::kMaxContinuations,
         [](Asked& asked, std::size_t frames) {
             asked.say(frame(FrameType::headers, 0, asked.ask(), ""));
             for (; frames > 0; --frames) asked.say(frame(FrameType::continuation, 0, 1, ""));
         },
         kCalm},
        {"kMaxPayload", http2::kMaxPayload,
         [](Asked& asked, std::size_t octets) {
             const std::uint32_t lane = asked.ask();
             asked.answer(lane);
             asked.say(data(lane, octets));
         },
         ends(ErrorCode::frame_size_error)},
        {"kMaxSettings", http2::kMaxSettings, [](Asked& asked, std::size_t count) { asked.say(entries(count)); },
         kCalm},
        {"kMaxWindow of the connection", http2::kMaxWindow,
         [](Asked& asked, std::size_t octets) {
             asked.say(update(0, static_cast<std::uint32_t>(octets - http2::kDefaultWindow)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxWindow of a lane", http2::kMaxWindow,
         [](Asked& asked, std::size_t octets) {
             asked.say(update(asked.ask(false), static_cast<std::uint32_t>(octets - http2::kDefaultWindow)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxWindow, from which lanes begin", http2::kMaxWindow,
         [](Asked& asked, std::size_t octets) { asked.say(setting(4, static_cast<std::uint32_t>(octets))); },
         ends(ErrorCode::flow_control_error)},
    });

    // Lanes are ours to open: so many before the peer has said how many it takes, then as many as it says, up to a
    // most.
    CHECK(Asked(false).connection.limit() == http2::kFirstOutwardLanes);
    for (const std::size_t allowed : {std::size_t{0}, http2::kMostOutwardLanes, http2::kMostOutwardLanes + 1}) {
        Asked asked;
        asked.say(setting(3, static_cast<std::uint32_t>(allowed)));
        CHECK(asked.connection.limit() == std::min(allowed, http2::kMostOutwardLanes));
    }
}

TEST_CASE("limits of an endpoint's nonsense: each kind of it takes a token, and there is none left for one more") {
    check<Asked>({
        {"PRIORITY", kNonsense, said<Asked>(frame(FrameType::priority, 0, 1, number(0) + "x")), kCalm},
        {"frames that we do not know", kNonsense, said<Asked>(unknown()), kCalm},
        {"SETTINGS beyond kFreeSettings; the first came at the beginning", http2::kFreeSettings - 1 + kNonsense,
         said<Asked>(kSettings), kCalm},
        {"acknowledged SETTINGS that were not sent", kNonsense, said<Asked>(kSettingsAck), kCalm},
        {"acknowledged PINGs: we send none", kNonsense, said<Asked>(kPingAck), kCalm},
        {"PINGs; the first is free", 1 + kNonsense, said<Asked>(ping()), kCalm},
        {"empty DATA", kNonsense,
         [](Asked& asked, std::size_t count) {
             const std::uint32_t lane = asked.ask();
             asked.answer(lane);
             said<Asked>(data(lane, 0))(asked, count);
         },
         kCalm},
    });
}

TEST_CASE("limits of what waits: a window is news below kSmallWindow, and nothing is read above kMost") {
    for (const std::uint32_t left : {std::uint32_t{http2::kSmallWindow} - 1, std::uint32_t{http2::kSmallWindow}}) {
        CAPTURE(left);
        Client client;
        client.say(setting(4, left));
        const std::uint32_t lane = client.ask({}, true);
        client.news = 0;
        client.say(update(lane, 1));
        CHECK(client.news == (left < http2::kSmallWindow ? 1U : 0U));
        Asked asked;
        asked.say(setting(4, left));
        const std::uint32_t other = asked.ask(false);
        asked.news = 0;
        asked.say(update(other, 1));
        CHECK(asked.news == (left < http2::kSmallWindow ? 1U : 0U));
    }

    // Octets of whole frames: an acknowledged SETTINGS has nine, a PING has seventeen.
    const auto waiting = [](std::size_t pings, std::size_t acks) {
        http2::ControlFrames control;
        for (; pings > 0; --pings) control.ping("12345678", true);
        for (; acks > 0; --acks) control.settings_ack();
        return std::pair{control.waiting().size(), control.too_many()};
    };
    CHECK(waiting(7, 897) == std::pair{http2::ControlFrames::kMost, false});
    CHECK(waiting(6, 899) == std::pair{http2::ControlFrames::kMost + 1, true});
}

}  // namespace switchyard::http2::limits
