#include <doctest/doctest.h>

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
