#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <string>

#include "proxy/net/buffer_pool.h"

using switchyard::net::Buffer;
using switchyard::net::BufferPool;

namespace {

void append(Buffer& buffer, const std::string& text) {
    auto room = buffer.room();
    REQUIRE(room.size() >= text.size());
    text.copy(room.data(), text.size());
    buffer.filled(text.size());
}

}  // namespace

TEST_CASE("a buffer has no block until it is used, and gives it back") {
    BufferPool pool;
    const char* first = nullptr;
    {
        Buffer a(pool);
        CHECK(a.empty());
        append(a, "x");
        first = a.data();
    }
    Buffer b(pool);
    append(b, "y");
    CHECK(b.data() == first);  // the same block again
}

TEST_CASE("bytes come out in the order they went in, whatever is cut, moved or swapped") {
    std::mt19937 random(8);
    BufferPool pool;
    Buffer a(pool), b(pool);
    std::string model;
    unsigned next = 0;
    for (int step = 0; step < 20'000; ++step) {
        switch (random() % 5) {
            case 0:
            case 1: {
                std::string text;
                for (auto n = random() % 200; n > 0; --n) text += static_cast<char>('a' + next++ % 26);
                if (model.size() + text.size() > BufferPool::kBlock) break;
                if (a.room().size() < text.size()) a.compact();
                append(a, text);
                model += text;
                break;
            }
            case 2: {
                const std::size_t n = model.empty() ? 0 : random() % (model.size() + 1);
                a.consume(n);
                model.erase(0, n);
                break;
            }
            case 3:
                if (!a.empty()) a.compact();
                break;
            default:
                a.swap(b);
                a.swap(b);
        }
        REQUIRE(a.unread() == model);
    }
}

TEST_CASE("a buffer that needs more room keeps its octets in a long block, and gives it back") {
    BufferPool pool;
    Buffer a(pool);
    append(a, "hello world");
    a.consume(6);
    a.lengthen();
    CHECK(a.is_long());
    CHECK(a.unread() == "world");
    CHECK(a.room().size() == BufferPool::kLong - a.size());
    const char* const first = a.data();
    a.release();
    CHECK(!a.is_long());
    CHECK(a.room().size() == BufferPool::kBlock);
    Buffer b(pool);
    b.lengthen();
    a.swap(b);
    CHECK(a.is_long());
    CHECK(!b.is_long());
    CHECK(a.data() == first);  // the same block again
}

TEST_CASE("so many long blocks are lent at a time, and who finds none has a short one") {
    BufferPool pool;
    std::deque<Buffer> lent;
    for (std::size_t i = 0; i < BufferPool::kMostLong; ++i) {
        lent.emplace_back(pool).lengthen();
        REQUIRE(lent.back().is_long());
    }
    Buffer late(pool);
    append(late, "octets");
    late.lengthen();
    CHECK(!late.is_long());
    CHECK(late.unread() == "octets");
    lent.pop_back();
    late.lengthen();
    CHECK(late.is_long());
    CHECK(late.unread() == "octets");
}

TEST_CASE("truncating keeps the front, releasing forgets all") {
    BufferPool pool;
    Buffer a(pool);
    append(a, "hello world");
    a.consume(2);
    a.truncate(3);
    CHECK(a.unread() == "llo");
    a.release();
    CHECK(a.empty());
    CHECK(a.room().size() == BufferPool::kBlock);
}
