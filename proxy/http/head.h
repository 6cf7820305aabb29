// A parsed message head: positions in the buffer it was read into, nothing copied.
//
// Invariants: every slice lies inside the first `size` bytes of that buffer, which must not move while the head is
//   used. Names are tokens, values are trimmed and free of CR, LF, NUL and other controls but HTAB.
// Units: bytes. kMaxHead fits 16 bits so that a field is 12 bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/http/characters.h"
#include "proxy/http/field_name.h"

namespace switchyard::http {

// Large enough for fat cookies and tokens, small enough that one buffer always holds a whole head.
inline constexpr std::size_t kMaxHead = 16 * 1024;
// HAProxy's limit as well; no honest client comes near.
inline constexpr std::size_t kMaxFields = 101;

struct Slice {
    std::uint16_t offset;
    std::uint16_t length;
    std::string_view of(const char* base) const { return {base + offset, length}; }
};

// No initialisers: a head has room for a hundred, and only the parsed ones are ever read.
struct Field {
    Slice name;
    Slice value;
    FieldName id;
    bool drop;               // not forwarded: hop by hop, named by Connection, or replaced by ours
    std::uint16_t line_end;  // behind its CRLF; the line starts at name.offset
};

struct Head {
    std::uint8_t minor = 1;  // HTTP/1.minor
    // Requests
    Slice method{0, 0};
    Slice target{0, 0};
    // Responses
    std::uint16_t status = 0;
    Slice reason{0, 0};

    std::uint16_t field_count = 0;
    std::uint32_t size = 0;   // of the whole head, with the empty line
    std::uint32_t known = 0;  // bit per FieldName that occurs
    std::array<Field, kMaxFields> fields;

    Head() = default;
    Head(const Head& other) { *this = other; }
    // A tenth of the places are filled, mostly: only what is there is copied.
    Head& operator=(const Head& other) {
        if (this == &other) return *this;
        minor = other.minor;
        method = other.method;
        target = other.target;
        status = other.status;
        reason = other.reason;
        field_count = other.field_count;
        size = other.size;
        known = other.known;
        std::copy_n(other.fields.begin(), field_count, fields.begin());
        return *this;
    }

    bool has(FieldName name) const { return (known >> static_cast<unsigned>(name)) & 1u; }
    // The first field of that name, or null.
    const Field* find(FieldName name) const {
        if (!has(name)) return nullptr;
        for (std::uint16_t i = 0; i < field_count; ++i)
            if (fields[i].id == name) return &fields[i];
        return nullptr;
    }
    unsigned count(FieldName name) const {
        if (!has(name)) return 0;
        unsigned n = 0;
        for (std::uint16_t i = 0; i < field_count; ++i) n += fields[i].id == name;
        return n;
    }
};
static_assert(static_cast<unsigned>(FieldName::claim) < 32, "Head::known is a bit set");

// Gives the members of the comma-separated lists in all fields of that name to `each`, in order, until it says false.
// Empty ones count for nothing (RFC 9110 §5.6.1). Whether it came to the end.
template <typename Each>
bool each_member(const char* base, const Head& head, FieldName name, Each each) {
    if (!head.has(name)) return true;
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        if (head.fields[i].id != name) continue;
        for (std::string_view rest = head.fields[i].value.of(base); !rest.empty();) {
            const std::string_view member = take_member(rest);
            if (!member.empty() && !each(member)) return false;
        }
    }
    return true;
}

}  // namespace switchyard::http
