// HPACK (RFC 7541), reading: a header block becomes fields, one by one.
//
// The decoder's table is the connection's: every block must be fed to its end, in the order of arrival, also those of
//   streams that were refused, or the blocks behind it decode to something else.
// A door of this size before nghttp2's inflater, so that another decoder can take its place. What one octet names, an
//   entry of the table, is looked up there without it: that is most of what most clients say, and changes no table.
// Invariants: after `bad` or `too_much` the connection is of no use. Fields of one block: at most kMaxDecoded octets,
//   counted as they grow (a few octets may name a large entry of the table many times).
// Threads: plain object. Owns: the inflater, 1.3 KB when new, up to 16 KB with a full table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

struct nghttp2_hd_inflater;

namespace switchyard::http2 {

// Of decoded names and values in one block. A head may have 16 KiB; what lies between costs its request a 431, what
// lies above costs the connection.
inline constexpr std::size_t kMaxDecoded = 64 * 1024;

class HeaderDecoder {
  public:
    enum class Outcome : std::uint8_t { done, more, bad, too_much };

    HeaderDecoder();
    ~HeaderDecoder();

    // Feeds a part of a block; `last` says that END_HEADERS stood on it. Calls `each(name, value)` for every field; the
    // views live until the call returns. `more` until the last part, then `done`.
    template <typename Each>
    Outcome feed(std::string_view part, bool last, Each each) {
        Field field;
        for (;;) {
            const Step step = next(part, last, field);
            if (step == Step::field)
                each(field.name, field.value);
            else
                return static_cast<Outcome>(step);
        }
    }

  private:
    struct Field {
        std::string_view name, value;
    };
    enum class Step : std::uint8_t { done, more, bad, too_much, field };  // the first four as in Outcome
    struct End {
        void operator()(nghttp2_hd_inflater* inflater) const;
    };

    Step next(std::string_view& part, bool last, Field& field);
    Step inflate(std::string_view& part, bool last, Field& field);
    bool look_up(std::string_view& part, Field& field);
    Step emit(Field& field);
    Step end();

    std::unique_ptr<nghttp2_hd_inflater, End> inflater_;
    std::uint32_t decoded_ = 0;  // in this block
    bool between_ = true;        // of two fields, not within one
    bool looked_up_ = false;     // a field of this block
};

}  // namespace switchyard::http2
