// nghttp2's own client session against ours, in memory: whatever it asks arrives as it was asked, whatever we answer it
// takes for what it is, in whatever pieces the octets come.
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
#include "proxy/http2/connection.h"

using namespace switchyard;
using http2::Connection;

namespace {

std::string body_of(std::uint32_t lane, std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + (lane + i) % 26);
    return out;
}

// Our side: keeps what it is told, and answers each request with a body as long as its path says.
struct Server final : Connection::Events {
    struct Lane {
        std::string text;
        http::Head head;
        std::string body, trailers;
        bool ended = false, headed = false, over = false;
        std::size_t sent = 0;
    };
    Connection connection;
    std::map<std::uint32_t, std::unique_ptr<Lane>> lanes;
    std::string out;
    bool first = true;

    Connection::HeadRoom room_for_head(std::uint32_t id) override {
        auto& lane = lanes[id] = std::make_unique<Lane>();
        lane->text.resize(http::kMaxHead);
        return {std::span<char>(lane->text), &lane->head};
    }
    void head(std::uint32_t id, const http2::RequestHead& wall, http2::RequestHead::Verdict verdict,
              bool end) override {
        INFO(wall.why());
        CHECK(verdict == http2::RequestHead::Verdict::fine);
        lanes[id]->ended = end;
    }
    void data(std::uint32_t id, std::string_view octets, bool end) override {
        lanes[id]->body += octets;
        lanes[id]->ended = end;
        owed[id] += static_cast<std::uint32_t>(octets.size());
    }
    void trailer(std::uint32_t id, std::string_view name, std::string_view value) override {
        lanes[id]->trailers += std::string(name) + "=" + std::string(value);
    }
    void reset(std::uint32_t, http2::ErrorCode) override { FAIL("a reset"); }
    void writable(std::uint32_t) override {}

    void answer() {
        for (auto& [id, octets] : owed) connection.taken(id, octets);
        owed.clear();
        out += connection.control_waits();
        connection.control().sent(connection.control_waits().size());
        for (auto& [id, lane] : lanes) {
            if (!lane->ended || lane->over) continue;
            const std::string path(lane->head.target.of(lane->text.data()));
            const std::string whole = body_of(id, static_cast<std::size_t>(std::stoul(path.substr(1))));
            if (!lane->headed) put_head(id, *lane);
            while (lane->sent < whole.size()) {
                const std::size_t now = std::min<std::size_t>(connection.may_send(id), whole.size() - lane->sent);
                if (now == 0) break;
                put(http2::FrameType::data, 0, id, whole.substr(lane->sent, now));
                lane->sent += now;
                connection.sent_data(id, static_cast<std::uint32_t>(now), false, lane->sent < whole.size(), 1'000);
            }
            if (lane->sent < whole.size()) continue;
            std::array<char, 200> room{};
            http2::HeaderEncoder block(room, false);
            CHECK(http2::encode_lines("X-Sum: 7\r\n", block));
            put(http2::FrameType::headers, http2::kEndHeaders | http2::kEndStream, id, {room.data(), block.size()});
            connection.sent_head(id, true);
            connection.done(id);
            lane->over = true;
        }
    }

  private:
    void put_head(std::uint32_t id, Lane& lane) {
        std::array<char, 2'000> room{};
        http2::HeaderEncoder block(room, first);
        first = false;
        CHECK(
            http2::encode_answer("HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                                 "Transfer-Encoding: chunked\r\nX-Name: " +
                                     std::string(lane.head.method.of(lane.text.data())) + "\r\n\r\n",
                                 block));
        put(http2::FrameType::headers, http2::kEndHeaders, id, {room.data(), block.size()});
        connection.sent_head(id, false);
        lane.headed = true;
    }
    void put(http2::FrameType type, std::uint8_t flags, std::uint32_t id, std::string_view payload) {
        char head[http2::kFrameHeadSize];
        http2::write_frame_head(
            head, {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, id});
        out.append(head, sizeof head).append(payload);
    }
    std::map<std::uint32_t, std::uint32_t> owed;
};

// Theirs.
struct Client {
    struct Stream {
        std::string body, fields, upload;
        std::size_t uploaded = 0;
        bool closed = false;
        std::uint32_t error = 0;
    };
    std::map<std::int32_t, Stream> streams;
    nghttp2_session* session = nullptr;
    bool goaway = false;

    Client() {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_header_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                          const std::uint8_t* value, std::size_t size, std::uint8_t, void* user) {
                static_cast<Client*>(user)->streams[frame->hd.stream_id].fields +=
                    std::string(reinterpret_cast<const char*>(name), name_size) + "=" +
                    std::string(reinterpret_cast<const char*>(value), size) + ";";
                return 0;
            });
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
            callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* octets, std::size_t size,
                          void* user) {
                static_cast<Client*>(user)->streams[id].body.append(reinterpret_cast<const char*>(octets), size);
                return 0;
            });
        nghttp2_session_callbacks_set_on_stream_close_callback(
            callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
                auto& stream = static_cast<Client*>(user)->streams[id];
                stream.closed = true;
                stream.error = error;
                return 0;
            });
        nghttp2_session_callbacks_set_on_frame_recv_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
                if (frame->hd.type == NGHTTP2_GOAWAY) static_cast<Client*>(user)->goaway = true;
                return 0;
            });
        nghttp2_session_client_new(&session, callbacks, this);
        nghttp2_session_callbacks_del(callbacks);
        const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 20'000};
        nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &window, 1);
    }
    ~Client() { nghttp2_session_del(session); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    std::int32_t ask(const std::string& method, const std::string& path, std::size_t upload, bool trailers) {
        const auto field = [](const std::string& name, const std::string& value) {
            return nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                              reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                              value.size(), NGHTTP2_NV_FLAG_NONE};
        };
        const std::string names[] = {":method", ":scheme", ":authority", ":path", "user-agent", "cookie"};
        const std::string values[] = {method, "https", "a.example", path, "nghttp2", "a=1"};
        std::vector<nghttp2_nv> fields;
        for (std::size_t i = 0; i < 6; ++i) fields.push_back(field(names[i], values[i]));
        nghttp2_data_provider provider{};
        provider.source.ptr = trailers ? this : nullptr;
        provider.read_callback = [](nghttp2_session* of, std::int32_t id, std::uint8_t* into, std::size_t room,
                                    std::uint32_t* flags, nghttp2_data_source* source, void* user) -> ssize_t {
            Stream& stream = static_cast<Client*>(user)->streams[id];
            const std::size_t n = std::min(room, stream.upload.size() - stream.uploaded);
            std::copy_n(stream.upload.data() + stream.uploaded, n, reinterpret_cast<char*>(into));
            stream.uploaded += n;
            if (stream.uploaded < stream.upload.size()) return static_cast<ssize_t>(n);
            *flags |= NGHTTP2_DATA_FLAG_EOF;
            if (source->ptr != nullptr) {
                *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
                std::uint8_t name[] = {'x', '-', 't'}, value[] = {'1'};
                const nghttp2_nv trailer{name, value, 3, 1, NGHTTP2_NV_FLAG_NONE};
                nghttp2_submit_trailer(of, id, &trailer, 1);
            }
            return static_cast<ssize_t>(n);
        };
        const std::int32_t id = nghttp2_submit_request(session, nullptr, fields.data(), fields.size(),
                                                       upload > 0 ? &provider : nullptr, nullptr);
        REQUIRE(id > 0);
        streams[id].upload = body_of(static_cast<std::uint32_t>(id), upload);
        return id;
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

}  // namespace

TEST_CASE("nghttp2's client and our server understand each other, in whatever pieces") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto dice = [&](std::size_t below) { return static_cast<std::size_t>(random()) % below; };
        Server server;
        Client client;
        struct Wish {
            std::size_t upload, download;
            bool trailers;
            std::string method;
        };
        std::map<std::int32_t, Wish> wishes;
        std::string up;
        for (int round = 0; round < 400; ++round) {
            if (wishes.size() < 30 && dice(3) == 0) {
                Wish wish{dice(3) == 0 ? dice(100'000) + 1 : 0, dice(60'000), dice(2) == 0,
                          dice(2) == 0 ? "GET" : "PUT"};
                const auto id =
                    client.ask(wish.method, "/" + std::to_string(wish.download), wish.upload, wish.trailers);
                wishes[id] = wish;
            }
            up += client.said();
            const std::size_t piece = std::min(up.size(), dice(2) == 0 ? dice(50) : dice(40'000));
            const std::size_t taken = server.connection.feed(std::string_view(up).substr(0, piece), 1'000, server);
            up.erase(0, taken);
            REQUIRE_FALSE(server.connection.ended());
            server.answer();
            while (!server.out.empty()) {
                const std::size_t n = std::min(server.out.size(), dice(20'000) + 1);
                const ssize_t read = nghttp2_session_mem_recv(
                    client.session, reinterpret_cast<const std::uint8_t*>(server.out.data()), n);
                REQUIRE(read == static_cast<ssize_t>(n));
                server.out.erase(0, n);
            }
        }
        for (int round = 0; round < 2'000; ++round) {
            up += client.said();
            up.erase(0, server.connection.feed(up, 1'000, server));
            server.answer();
            nghttp2_session_mem_recv(client.session, reinterpret_cast<const std::uint8_t*>(server.out.data()),
                                     server.out.size());
            server.out.clear();
            if (std::ranges::all_of(client.streams, [](const auto& s) { return s.second.closed; })) break;
        }
        CHECK_FALSE(client.goaway);
        for (const auto& [id, wish] : wishes) {
            const auto lane = static_cast<std::uint32_t>(id);
            REQUIRE(server.lanes.contains(lane));
            const auto& got = *server.lanes[lane];
            CHECK(got.head.method.of(got.text.data()) == wish.method);
            CHECK(got.body == body_of(lane, wish.upload));
            CHECK(got.trailers == (wish.trailers && wish.upload > 0 ? "x-t=1" : ""));
            const auto& stream = client.streams[id];
            CHECK(stream.closed);
            CHECK(stream.error == 0);
            CHECK(stream.body == body_of(lane, wish.download));
            CHECK(stream.fields == ":status=200;content-type=text/plain;x-name=" + wish.method + ";x-sum=7;");
        }
        CHECK(server.connection.lanes() == 0);
    }
}
