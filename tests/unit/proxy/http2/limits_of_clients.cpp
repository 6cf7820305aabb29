// The limits of a client's connection, one row each: as much as is allowed holds, and one more is what the limit says.
#include "tests/unit/proxy/http2/limits.h"

#include <doctest/doctest.h>

namespace switchyard::http2::limits {

TEST_CASE("limits of a client's connection: lanes, windows, heads and frames") {
    const auto lanes = [](Client& client, std::size_t count) {
        for (; count > 0; --count) client.ask();
    };
    const auto head_of = [](Client& client, std::size_t octets) {
        Client other;
        other.ask({{"x", ""}});
        client.ask({{"x", std::string(octets - other.parsed.size, 'v')}});
    };
    check<Client>({
        {"kMaxLanes", http2::kMaxLanes, lanes, resets(ErrorCode::refused_stream)},
        {"kLaneWindow", http2::kLaneWindow,
         [](Client& client, std::size_t octets) {
             const std::uint32_t lane = client.ask();
             for (; octets > 0; octets -= std::min<std::size_t>(octets, http2::kMaxPayload))
                 client.say(data(lane, std::min<std::size_t>(octets, http2::kMaxPayload)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kConnectionWindow", http2::kConnectionWindow,
         [](Client& client, std::size_t octets) {
             for (std::size_t left = 0; octets > 0; octets -= std::min<std::size_t>(octets, http2::kMaxPayload)) {
                 if (left < http2::kMaxPayload) {
                     client.ask();
                     left = http2::kLaneWindow;
                 }
                 client.say(data(client.next - 2, std::min<std::size_t>(octets, http2::kMaxPayload)));
                 left -= http2::kMaxPayload;
             }
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxHead", http::kMaxHead, head_of, "refused"},
        {"kMaxFields", http::kMaxFields,
         [](Client& client, std::size_t fields) {
             client.ask(Pairs(fields - 1, {"x", "v"}));  // beside the host
         },
         "refused"},
        {"kMaxContinuations", http2::kMaxContinuations,
         [](Client& client, std::size_t frames) {
             client.say(frame(FrameType::headers, 0, 1, ""));
             for (; frames > 0; --frames) client.say(frame(FrameType::continuation, 0, 1, ""));
         },
         kCalm},
        {"kMaxPayload", http2::kMaxPayload,
         [](Client& client, std::size_t octets) { client.say(data(client.ask(), octets)); },
         ends(ErrorCode::frame_size_error)},
        {"kMaxSettings", http2::kMaxSettings, [](Client& client, std::size_t count) { client.say(entries(count)); },
         kCalm},
        {"kMaxWindow of the connection", http2::kMaxWindow,
         [](Client& client, std::size_t octets) {
             client.say(update(0, static_cast<std::uint32_t>(octets - http2::kDefaultWindow)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxWindow of a lane", http2::kMaxWindow,
         [](Client& client, std::size_t octets) {
             client.say(update(client.ask(), static_cast<std::uint32_t>(octets - http2::kDefaultWindow)));
         },
         ends(ErrorCode::flow_control_error)},
        {"kMaxWindow, from which lanes begin", http2::kMaxWindow,
         [](Client& client, std::size_t octets) { client.say(setting(4, static_cast<std::uint32_t>(octets))); },
         ends(ErrorCode::flow_control_error)},
        // What is encoded, and what that decodes to, may be beyond a head; it is refused in words then.
        {"kMaxEncoded", http2::kMaxEncoded,
         [](Client& client, std::size_t octets) {
             const std::string head = block(Client::request());
             client.ask_with(head + plain(octets - head.size()));
         },
         kCalm, "refused"},
        {"kMaxDecoded", http2::kMaxDecoded,
         [](Client& client, std::size_t octets) { client.ask_with(swollen(Client::request(), octets)); }, kCalm,
         "refused"},
        {"kRememberedResets", http2::kRememberedResets,
         [](Client& client, std::size_t count) {
             const std::uint32_t first = client.next;
             for (; count > 0; --count) {
                 const std::uint32_t lane = client.ask();
                 client.connection.reset(lane, ErrorCode::internal_error);
                 client.connection.done(lane);
             }
             client.say(data(first, 1));  // it was on its way
         },
         ends(ErrorCode::stream_closed)},
    });

    // Who has not acknowledged our settings cannot know of the limit; it holds all the same.
    Client early(false);
    lanes(early, http2::kMaxLanes);
    CHECK(early.standing() == "holds");
    early.ask();
    CHECK(early.standing() == resets(ErrorCode::refused_stream));
}

TEST_CASE("limits of a client's nonsense: each kind of it takes a token, and there is none left for one more") {
    check<Client>({
        {"PRIORITY", kNonsense, said<Client>(frame(FrameType::priority, 0, 1, number(0) + "x")), kCalm},
        {"frames that we do not know", kNonsense, said<Client>(unknown()), kCalm},
        {"SETTINGS beyond kFreeSettings; the first came at the beginning", http2::kFreeSettings - 1 + kNonsense,
         said<Client>(kSettings), kCalm},
        {"acknowledged SETTINGS that were not sent", kNonsense, said<Client>(kSettingsAck), kCalm},
        {"acknowledged PINGs that were not sent", kNonsense, said<Client>(kPingAck), kCalm},
        {"PINGs; the first is free", 1 + kNonsense, said<Client>(ping()), kCalm},
        {"WINDOW_UPDATEs beyond kFreeUpdates", http2::kFreeUpdates + kNonsense, said<Client>(update(0, 1)), kCalm},
        {"WINDOW_UPDATEs beyond kUpdatesPerData, too", http2::kFreeUpdates + http2::kUpdatesPerData + kNonsense,
         [](Client& client, std::size_t count) {
             const std::uint32_t lane = client.ask();
             client.connection.sent_data(lane, 1, false, false, client.now);
             said<Client>(update(lane, 1))(client, count);
         },
         kCalm},
        {"empty DATA", kNonsense,
         [](Client& client, std::size_t count) { said<Client>(data(client.ask(), 0))(client, count); }, kCalm},
        {"messages that are malformed", kNonsense,
         [](Client& client, std::size_t count) {
             for (; count > 0; --count) client.connection.done(client.ask({{"connection", "x"}}));
             client.say("");
         },
         kCalm},
        {"bodies that are not as long as they were said to be", kNonsense,
         [](Client& client, std::size_t count) {
             for (; count > 0; --count) {
                 const std::uint32_t lane = client.ask({{"content-length", "2"}});
                 client.say(data(lane, 1, kEnds));
                 client.connection.done(lane);
             }
             client.say("");
         },
         kCalm},
        {"lanes beyond kMaxLanes", kNonsense,
         [](Client& client, std::size_t count) {
             for (std::size_t i = 0; i < http2::kMaxLanes + count; ++i) client.ask();
             client.say("");
         },
         kCalm},
        {"heads for lanes that we have reset, and trailers", kNonsense,
         [](Client& client, std::size_t count) {
             const std::uint32_t gone = client.ask();
             client.connection.reset(gone, ErrorCode::internal_error);
             for (std::size_t i = 0; i < count / 2; ++i) client.say(spread(gone, block({{"a", "b"}}), 0));
             client.connection.done(gone);
             for (std::size_t i = count / 2; i < count; ++i) client.say(spread(gone, block({{"a", "b"}}), 0));
         },
         kCalm},
        {"DATA that its window made smaller than kDribble", kNonsense,
         [](Client& client, std::size_t count) {
             client.say(setting(4, 0));
             const std::uint32_t lane = client.ask({}, true);
             for (; count > 0; --count) {
                 client.say(update(lane, http2::kDribble - 1));
                 client.connection.sent_data(lane, http2::kDribble - 1, false, true, client.now);
             }
         },
         kCalm},
        {"lanes that the peer resets (kPeerResets)", kPeerResets,
         [](Client& client, std::size_t count) {
             for (; count > 0; --count) {
                 const std::uint32_t lane = client.ask();
                 client.say(reset(lane));
                 client.connection.done(lane);
             }
         },
         kCalm},
        {"resets of lanes that are over", kPeerResets,
         [](Client& client, std::size_t count) {
             const std::uint32_t lane = client.ask({}, true);
             client.connection.sent_head(lane, true);
             client.connection.done(lane);
             said<Client>(reset(lane))(client, count);
         },
         kCalm},
    });

    // A window that opened by kDribble is an honest one.
    Client honest;
    honest.say(setting(4, 0));
    const std::uint32_t lane = honest.ask({}, true);
    for (std::size_t i = 0; i < 10 * kNonsense; ++i) {
        honest.say(update(lane, http2::kDribble));
        honest.connection.sent_data(lane, http2::kDribble, false, true, honest.now);
    }
    CHECK(honest.standing() == "holds");

    // Tokens come back: ten a second, and thirty-three for resets.
    Client later;
    said<Client>(unknown())(later, kNonsense);
    later.now += 100;
    later.say(unknown());
    CHECK(later.standing() == "holds");
    later.say(unknown());
    CHECK(later.standing() == kCalm);
    Client leaver;
    const std::uint32_t over = leaver.ask({}, true);
    leaver.connection.sent_head(over, true);
    leaver.connection.done(over);
    said<Client>(reset(over))(leaver, kPeerResets);
    leaver.now += 1'000;
    said<Client>(reset(over))(leaver, 33);
    CHECK(leaver.standing() == "holds");
    leaver.say(reset(over));
    CHECK(leaver.standing() == kCalm);
}

}  // namespace switchyard::http2::limits
