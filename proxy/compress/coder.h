// Octets in, coded octets out, as they come: one context of a compression library.
//
// Threads: one worker. Owns: the context. Errors: `failed` where the library has no memory; the stream is lost then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "config/model/compress.h"

namespace switchyard::compress {

class Coder {
  public:
    enum class Then : std::uint8_t {
        more,   // keep what is not full yet
        flush,  // what was given can be decoded from what has come out
        end,
    };
    struct Step {
        std::size_t taken = 0, made = 0;
        bool done = false;  // all was taken; what `then` asks for is out
        bool failed = false;
    };
    // What contexts of one kind have in common: one can stand in for another.
    struct Kind {
        config::Encoding encoding = config::Encoding::gzip;
        unsigned level = 0;
        bool small = false;  // for bodies of at most kSmall octets
        bool operator==(const Kind&) const = default;
    };
    static constexpr std::uint64_t kSmall = 7 * 1024;

    // Null: there is no memory for one.
    static std::unique_ptr<Coder> make(const Kind& kind);

    virtual ~Coder() = default;
    Coder(const Coder&) = delete;
    Coder& operator=(const Coder&) = delete;

    // `room` is not empty.
    virtual Step code(std::string_view octets, std::span<char> room, Then then) = 0;
    // As new. False: it cannot be used again.
    virtual bool restart() = 0;
    const Kind& kind() const { return kind_; }

  protected:
    explicit Coder(const Kind& kind) : kind_(kind) {}

  private:
    const Kind kind_;
};

// One for each library.
std::unique_ptr<Coder> make_gzip(const Coder::Kind& kind);
std::unique_ptr<Coder> make_brotli(const Coder::Kind& kind);
std::unique_ptr<Coder> make_zstd(const Coder::Kind& kind);

}  // namespace switchyard::compress
