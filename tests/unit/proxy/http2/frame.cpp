#include "proxy/http2/frame.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/http2/misdeeds.h"
#include "proxy/http2/settings.h"
#include "proxy/http2/windows.h"

using namespace switchyard::http2;

namespace {

constexpr auto type_octet = [](FrameType type) { return static_cast<std::uint8_t>(type); };

std::string entry(std::uint16_t identifier, std::uint32_t value) {
    std::string out(6, '\0');
    out[0] = static_cast<char>(identifier >> 8);
    out[1] = static_cast<char>(identifier & 0xff);
    write_u32(out.data() + 2, value);
    return out;
}

}  // namespace

TEST_CASE("a frame's head is nine octets, and the reserved bit says nothing") {
    char octets[kFrameHeadSize];
    write_frame_head(octets, {0x3fff, type_octet(FrameType::headers), kEndHeaders | kEndStream, 0x7ffffffe});
    CHECK(std::string_view(octets, kFrameHeadSize) == std::string_view("\x00\x3f\xff\x01\x05\x7f\xff\xff\xfe", 9));
    octets[5] = static_cast<char>(0xff);
    const FrameHead head = read_frame_head(octets);
    CHECK(head.length == 0x3fff);
    CHECK(head.is(FrameType::headers));
    CHECK(head.has(kEndStream));
    CHECK_FALSE(head.has(kPadded));
    CHECK(head.stream == 0x7ffffffe);
}

TEST_CASE("every type has its sizes and its place; one octet beside them ends the connection") {
    using E = ErrorCode;
    struct Row {
        FrameType type;
        std::uint8_t flags;
        std::uint32_t stream, length;
        ErrorCode expected;
    };
    const std::vector<Row> rows{
        {FrameType::data, 0, 1, 0, E::no_error},
        {FrameType::data, 0, 1, kMaxPayload, E::no_error},
        {FrameType::data, 0, 1, kMaxPayload + 1, E::frame_size_error},
        {FrameType::data, 0, 0, 1, E::protocol_error},
        {FrameType::headers, 0, 0, 1, E::protocol_error},
        {FrameType::continuation, 0, 0, 1, E::protocol_error},
        {FrameType::priority, 0, 1, 5, E::no_error},
        {FrameType::priority, 0, 1, 4, E::frame_size_error},
        {FrameType::priority, 0, 1, 6, E::frame_size_error},
        {FrameType::priority, 0, 0, 5, E::protocol_error},
        {FrameType::rst_stream, 0, 1, 4, E::no_error},
        {FrameType::rst_stream, 0, 1, 3, E::frame_size_error},
        {FrameType::rst_stream, 0, 1, 5, E::frame_size_error},
        {FrameType::rst_stream, 0, 0, 4, E::protocol_error},
        {FrameType::settings, 0, 0, 12, E::no_error},
        {FrameType::settings, 0, 0, 13, E::frame_size_error},
        {FrameType::settings, kAck, 0, 0, E::no_error},
        {FrameType::settings, kAck, 0, 6, E::frame_size_error},
        {FrameType::settings, 0, 1, 6, E::protocol_error},
        {FrameType::push_promise, 0, 0, 4, E::protocol_error},
        {FrameType::ping, 0, 0, 8, E::no_error},
        {FrameType::ping, 0, 0, 7, E::frame_size_error},
        {FrameType::ping, 0, 0, 9, E::frame_size_error},
        {FrameType::ping, 0, 1, 8, E::protocol_error},
        {FrameType::goaway, 0, 0, 8, E::no_error},
        {FrameType::goaway, 0, 0, 7, E::frame_size_error},
        {FrameType::goaway, 0, 1, 8, E::protocol_error},
        {FrameType::window_update, 0, 0, 4, E::no_error},
        {FrameType::window_update, 0, 7, 4, E::no_error},
        {FrameType::window_update, 0, 7, 3, E::frame_size_error},
        {FrameType::window_update, 0, 7, 5, E::frame_size_error},
    };
    for (const Row& row : rows) {
        CAPTURE(static_cast<int>(row.type));
        CAPTURE(row.length);
        CAPTURE(row.stream);
        CHECK(check_frame({row.length, type_octet(row.type), row.flags, row.stream}) == row.expected);
    }
    CHECK(check_frame({17, 0x42, 0xff, 0}) == E::no_error);  // unknown ones are passed over (RFC 9113 §5.5)
}

TEST_CASE("padding is taken off and counted; as much of it as there is payload is a fault") {
    const FrameHead data{6, type_octet(FrameType::data), kPadded, 1};
    const Content content = content_of(data, std::string_view("\x02hey\0\0", 6));
    CHECK(content.error == ErrorCode::no_error);
    CHECK(content.octets == "hey");
    CHECK(content.padding == 3);
    CHECK(content_of(data, std::string_view("\x05hey\0\0", 6)).octets.empty());
    CHECK(content_of(data, std::string_view("\x06hey\0\0", 6)).error == ErrorCode::protocol_error);
    CHECK(content_of(data, "").error == ErrorCode::frame_size_error);

    const FrameHead headers{0, type_octet(FrameType::headers), kPadded | kPriority, 3};
    CHECK(content_of(headers, std::string_view("\x01\0\0\0\x01\x10x\0", 8)).octets == "x");
    CHECK(content_of(headers, std::string_view("\x01\0\0\0\x03\x10x\0", 8)).error == ErrorCode::protocol_error);
    CHECK(content_of(headers, std::string_view("\x01\0\0\0\x01", 5)).error == ErrorCode::frame_size_error);
    CHECK(content_of(headers, std::string_view("\x03\0\0\0\x01\x10x\0", 8)).error == ErrorCode::protocol_error);
}

TEST_CASE("settings are taken in order, unknown ones passed over, those out of range refused") {
    Settings settings;
    CHECK(apply_settings(entry(1, 0) + entry(2, 0) + entry(3, 7) + entry(4, 1) + entry(5, 0xffffff) + entry(6, 99) +
                             entry(8, 1) + entry(0x0a0a, 5) + entry(4, kMaxWindow),
                         Role::server, settings) == ErrorCode::no_error);
    CHECK(settings == Settings{0, false, 7, kMaxWindow, 0xffffff, 99, true});
    struct Row {
        std::string payload;
        Role us;
        ErrorCode expected;
    };
    std::string many;
    for (std::size_t i = 0; i < kMaxSettings; ++i) many += entry(0x0a0a, 0);
    const std::vector<Row> rows{
        {entry(2, 2), Role::server, ErrorCode::protocol_error},
        {entry(2, 1), Role::server, ErrorCode::no_error},
        {entry(2, 1), Role::client, ErrorCode::protocol_error},
        {entry(4, kMaxWindow + 1), Role::server, ErrorCode::flow_control_error},
        {entry(5, kMaxPayload - 1), Role::server, ErrorCode::protocol_error},
        {entry(5, 0x1000000), Role::server, ErrorCode::protocol_error},
        {entry(8, 2), Role::client, ErrorCode::protocol_error},
        {entry(8, 1) + entry(8, 0), Role::client, ErrorCode::protocol_error},
        {many, Role::server, ErrorCode::no_error},
        {many + entry(0x0a0a, 0), Role::server, ErrorCode::enhance_your_calm},
        {"12345", Role::server, ErrorCode::frame_size_error},
    };
    for (const Row& row : rows) {
        Settings fresh;
        CHECK(apply_settings(row.payload, row.us, fresh) == row.expected);
    }
}

TEST_CASE("what we announce is what the peer reads") {
    Settings ours;
    ours.max_concurrent_streams = 100;
    ours.initial_window = 1 << 20;
    ours.connect_protocol = true;
    Settings read;
    CHECK(apply_settings(settings_payload(ours, Role::server), Role::client, read) == ErrorCode::no_error);
    CHECK(read == ours);
    CHECK(apply_settings(settings_payload(Settings{}, Role::client), Role::server, read) == ErrorCode::no_error);
    CHECK_FALSE(read.enable_push);
}

TEST_CASE("a bucket of misdeeds empties with nonsense and fills with time") {
    Misdeeds bucket(3, 2);
    CHECK(bucket.note(1'000'000));
    CHECK(bucket.note(1'000'000));
    CHECK(bucket.note(1'000'000));
    CHECK_FALSE(bucket.note(1'000'000));
    CHECK_FALSE(bucket.note(1'000'499));
    CHECK(bucket.note(1'000'500));
    CHECK_FALSE(bucket.note(1'000'000));  // a clock that went back gives nothing
    for (int i = 0; i < 3; ++i) CHECK(bucket.note(std::int64_t{1} << 60));
    CHECK_FALSE(bucket.note(std::int64_t{1} << 60));
    Misdeeds once(1, 0);
    CHECK(once.note(1));
    CHECK_FALSE(once.note(std::int64_t{1} << 60));
}

TEST_CASE("a send window may be lowered below nothing and never exceeds the greatest") {
    SendWindow window(kDefaultWindow);
    window.spend(65'000);
    CHECK(window.shift(kDefaultWindow, 0) == ErrorCode::no_error);
    CHECK(window.left() == 0);
    CHECK(window.grow(64'999) == ErrorCode::no_error);
    CHECK(window.left() == 0);
    CHECK(window.grow(2) == ErrorCode::no_error);
    CHECK(window.left() == 1);
    CHECK(window.grow(0) == ErrorCode::protocol_error);
    CHECK(window.grow(kMaxWindow) == ErrorCode::flow_control_error);
    CHECK(window.grow(kMaxWindow - 1) == ErrorCode::no_error);
    CHECK(window.shift(0, 1) == ErrorCode::flow_control_error);
}

TEST_CASE("a receive window is credited in halves, for what was taken only; nothing leaks, nothing is given twice") {
    ReceiveWindow window(100);
    CHECK(window.receive(100));
    CHECK_FALSE(window.receive(1));
    CHECK(window.take(49) == 0);
    CHECK(window.left() == 0);
    CHECK(window.take(1) == 50);
    CHECK(window.left() == 50);
    CHECK(window.outstanding() == 50);
    std::uint32_t seed = 7;
    std::uint64_t received = 100, taken = 50, credited = 50;
    for (int i = 0; i < 10'000; ++i) {
        seed = seed * 1'664'525 + 1'013'904'223;
        const std::uint32_t in = seed % (window.left() + 1);
        CHECK(window.receive(in));
        received += in;
        const auto out = static_cast<std::uint32_t>((seed >> 8) % (received - taken + 1));
        taken += out;
        credited += window.take(out);
        CHECK(credited <= taken);
        CHECK(taken - credited < 50);
        CHECK(window.left() == 100 + credited - received);
    }
}
