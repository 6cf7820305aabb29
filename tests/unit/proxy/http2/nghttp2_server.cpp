// nghttp2's own server session against our client's side, in memory: whatever we ask arrives as it was asked, whatever
// it answers is told as it was answered, in whatever pieces the octets come.
#include <doctest/doctest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "proxy/http2/answer_block.h"
#include "proxy/http2/outward_connection.h"
#include "proxy/http2/request_block.h"

using namespace switchyard;
using http2::OutwardConnection;

namespace {
namespace asking {

std::string body_of(std::uint32_t lane, std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + (lane + i) % 26);
    return out;
}

// Theirs: answers each request with an interim head and a body as long as its path says.
struct Server {
    struct Stream {
        std::string fields, body, answer;
        std::size_t sent = 0;
    };
    std::map<std::int32_t, Stream> streams;
    nghttp2_session* session = nullptr;

    Server() {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_header_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                          const std::uint8_t* value, std::size_t size, std::uint8_t, void* user) {
                static_cast<Server*>(user)->streams[frame->hd.stream_id].fields +=
                    std::string(reinterpret_cast<const char*>(name), name_size) + "=" +
                    std::string(reinterpret_cast<const char*>(value), size) + ";";
                return 0;
            });
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
            callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* octets, std::size_t size,
                          void* user) {
                static_cast<Server*>(user)->streams[id].body.append(reinterpret_cast<const char*>(octets), size);
                return 0;
            });
        nghttp2_session_callbacks_set_on_frame_recv_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
                const bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                                  (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
                if (ends) static_cast<Server*>(user)->answer(frame->hd.stream_id);
                return 0;
            });
        nghttp2_session_server_new(&session, callbacks, this);
        nghttp2_session_callbacks_del(callbacks);
        const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 20'000},
                                                   {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 20}};
        nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2);
    }
    ~Server() { nghttp2_session_del(session); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void answer(std::int32_t id) {
        Stream& stream = streams[id];
        const auto path = stream.fields.find(":path=/") + 7;
        stream.answer = body_of(static_cast<std::uint32_t>(id), std::stoul(stream.fields.substr(path)));
        std::string status = ":status", early = "103", fine = "200", name = "x-kind", value = "test";
        const auto field = [](std::string& n, std::string& v) {
            return nghttp2_nv{reinterpret_cast<std::uint8_t*>(n.data()), reinterpret_cast<std::uint8_t*>(v.data()),
                              n.size(), v.size(), NGHTTP2_NV_FLAG_NONE};
        };
        const nghttp2_nv interim[] = {field(status, early)};
        REQUIRE(nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, id, nullptr, interim, 1, nullptr) == 0);
        const nghttp2_nv head[] = {field(status, fine), field(name, value)};
        nghttp2_data_provider provider{};
        provider.read_callback = [](nghttp2_session* of, std::int32_t lane, std::uint8_t* into, std::size_t room,
                                    std::uint32_t* flags, nghttp2_data_source*, void* user) -> ssize_t {
            Stream& from = static_cast<Server*>(user)->streams[lane];
            const std::size_t n = std::min(room, from.answer.size() - from.sent);
            std::copy_n(from.answer.data() + from.sent, n, reinterpret_cast<char*>(into));
            from.sent += n;
            if (from.sent < from.answer.size()) return static_cast<ssize_t>(n);
            *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
            std::uint8_t trailer[] = {'x', '-', 't'}, one[] = {'1'};
            const nghttp2_nv fields{trailer, one, 3, 1, NGHTTP2_NV_FLAG_NONE};
            nghttp2_submit_trailer(of, lane, &fields, 1);
            return static_cast<ssize_t>(n);
        };
        REQUIRE(nghttp2_submit_response(session, id, head, 2, &provider) == 0);
    }
    std::string said() {
        std::string out;
        for (;;) {
            const std::uint8_t* octets = nullptr;
            const ssize_t size = nghttp2_session_mem_send(session, &octets);
            REQUIRE(size >= 0);
            if (size == 0) return out;
            out.append(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size));
        }
    }
};

// Ours.
struct Client final : OutwardConnection::Events {
    struct Lane {
        std::size_t download = 0;
        std::string method, upload, told, body;
        std::size_t sent = 0;
        std::uint32_t owed = 0;
        bool trailers = false, said = false, ended = false;
    };
    OutwardConnection connection;
    std::map<std::uint32_t, Lane> lanes;
    std::array<char, http::kMaxHead> text{};
    http::Head parsed;
    std::string out{http2::kPreface};

    OutwardConnection::HeadRoom room_for_head() override { return {text, &parsed}; }
    void head(std::uint32_t lane, std::string_view, const http::Head& head, bool end) override {
        CHECK_FALSE(end);
        lanes[lane].told += std::to_string(head.status) + ";";
    }
    void data(std::uint32_t lane, std::string_view octets, bool end) override {
        lanes[lane].body += octets;
        lanes[lane].owed += static_cast<std::uint32_t>(octets.size());
        lanes[lane].ended = end;
    }
    void trailer(std::uint32_t lane, std::string_view name, std::string_view value) override {
        lanes[lane].told += std::string(name) + "=" + std::string(value) + ";";
    }
    void reset(std::uint32_t, http2::ErrorCode, bool, const char*) override { FAIL("a reset"); }
    void writable(std::uint32_t) override {}

    void ask(Lane lane) {
        const std::uint32_t id = connection.next_lane();
        const std::string head =
            lane.method + " /" + std::to_string(lane.download) +
            " HTTP/1.1\r\nHost: a.example\r\nX-Name: nghttp2\r\nTransfer-Encoding: chunked\r\n\r\n";
        const bool end = lane.upload.empty() && !lane.trailers;
        std::array<char, 2'000> room{};
        http2::HeaderEncoder block(room, id == 1);
        CHECK(http2::encode_request(head, "https", block));
        put(http2::FrameType::headers, static_cast<std::uint8_t>(http2::kEndHeaders | (end ? http2::kEndStream : 0)),
            id, {room.data(), block.size()});
        connection.open(end, false);
        lane.upload = body_of(id, lane.upload.size());
        lane.said = end;
        lanes[id] = std::move(lane);
    }
    void go_on() {
        for (auto& [id, lane] : lanes) {
            if (lane.owed != 0) connection.taken(id, std::exchange(lane.owed, 0));
            while (!lane.said) {
                const std::size_t n = std::min<std::size_t>(connection.may_send(id), lane.upload.size() - lane.sent);
                if (n == 0 && lane.sent < lane.upload.size()) break;
                const bool last = lane.sent + n == lane.upload.size();
                const bool ends = last && !lane.trailers;
                put(http2::FrameType::data, ends ? http2::kEndStream : std::uint8_t{0}, id,
                    lane.upload.substr(lane.sent, n));
                lane.sent += n;
                connection.sent_data(id, static_cast<std::uint32_t>(n), ends);
                if (last && lane.trailers) {
                    std::array<char, 200> room{};
                    http2::HeaderEncoder block(room, false);
                    CHECK(http2::encode_lines("X-Sum: 7\r\n", block));
                    put(http2::FrameType::headers, http2::kEndHeaders | http2::kEndStream, id,
                        {room.data(), block.size()});
                    connection.sent_trailers(id);
                }
                lane.said = last;
            }
            if (lane.said && lane.ended) connection.done(id);
        }
        out += connection.control_waits();
        connection.control().sent(connection.control_waits().size());
    }
    bool all_over() const {
        return std::ranges::all_of(lanes, [](const auto& lane) { return lane.second.said && lane.second.ended; });
    }

  private:
    void put(http2::FrameType type, std::uint8_t flags, std::uint32_t id, std::string_view payload) {
        // What waits goes first: SETTINGS open a connection.
        out += connection.control_waits();
        connection.control().sent(connection.control_waits().size());
        char head[http2::kFrameHeadSize];
        http2::write_frame_head(
            head, {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, id});
        out.append(head, sizeof head).append(payload);
    }
};

TEST_CASE("our client's side and nghttp2's server understand each other, in whatever pieces") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto dice = [&](std::size_t below) { return static_cast<std::size_t>(random()) % below; };
        Server server;
        Client client;
        std::string down;
        for (int round = 0; round < 3'000; ++round) {
            if (client.lanes.size() < 40 && client.connection.lanes() < client.connection.limit() && dice(3) == 0) {
                Client::Lane lane;
                lane.download = dice(3) == 0 ? dice(150'000) : dice(100);
                lane.upload.resize(dice(3) == 0 ? dice(100'000) + 1 : 0);
                lane.trailers = !lane.upload.empty() && dice(2) == 0;
                lane.method = lane.upload.empty() ? "GET" : "PUT";
                client.ask(std::move(lane));
            }
            client.go_on();
            while (!client.out.empty()) {
                const std::size_t n = std::min(client.out.size(), dice(20'000) + 1);
                const ssize_t read = nghttp2_session_mem_recv(
                    server.session, reinterpret_cast<const std::uint8_t*>(client.out.data()), n);
                REQUIRE(read == static_cast<ssize_t>(n));
                client.out.erase(0, n);
            }
            down += server.said();
            const std::size_t piece = std::min(down.size(), dice(2) == 0 ? dice(50) : dice(40'000));
            down.erase(0, client.connection.feed(std::string_view(down).substr(0, round < 400 ? piece : down.size()),
                                                 1'000, client));
            REQUIRE_FALSE(client.connection.ended());
            if (client.lanes.size() == 40 && client.all_over()) break;
        }
        client.go_on();
        CHECK(client.lanes.size() == 40);
        CHECK(client.all_over());
        for (const auto& [id, lane] : client.lanes) {
            const auto& got = server.streams[static_cast<std::int32_t>(id)];
            CHECK(got.body == lane.upload);
            CHECK(got.fields == ":method=" + lane.method + ";:scheme=https;:authority=a.example;:path=/" +
                                    std::to_string(lane.download) + ";x-name=nghttp2;" +
                                    (lane.trailers ? "x-sum=7;" : ""));
            CHECK(lane.body == body_of(id, lane.download));
            CHECK(lane.told == "103;200;x-t=1;");
        }
        CHECK(client.connection.lanes() == 0);
    }
}

}  // namespace asking
}  // namespace
