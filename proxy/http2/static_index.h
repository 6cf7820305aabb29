// Where a name stands in the static table (static_table.h), by one look.
//
// The slots are a perfect hash: the numbers in it were found by trying, and the compiler proves that they hold.
// Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/http/characters.h"
#include "proxy/http2/static_table.h"

namespace switchyard::http2 {

// In whatever case it is written: what is no letter in these names has the bit of small letters too.
constexpr std::size_t static_slot(std::string_view name) {
    constexpr std::size_t kSize = 119, kFirst = 49, kMiddle = 54, kLast = 46, kSlots = 128;
    constexpr auto small = [](char c) { return static_cast<unsigned char>(c) | 0x20u; };
    return (name.size() * kSize + small(name.front()) * kFirst + small(name[name.size() / 2]) * kMiddle +
            small(name.back()) * kLast) %
           kSlots;
}

// 0: no name; else 1 and more, the first entry that has it.
inline constexpr std::array<std::uint8_t, 128> kStaticSlots = [] {
    std::array<std::uint8_t, 128> slots{};
    for (std::size_t i = 0; i < kStaticTable.size(); ++i) {
        if (i > 0 && kStaticTable[i - 1].name == kStaticTable[i].name) continue;
        std::uint8_t& slot = slots[static_slot(kStaticTable[i].name)];
        if (slot != 0) throw "two names have one slot";
        slot = static_cast<std::uint8_t>(i + 1);
    }
    return slots;
}();

// The first entry with that name (1 to 61), in whatever case it is written; 0: none.
inline std::size_t static_entry(std::string_view name) {
    if (name.empty()) return 0;
    const std::size_t entry = kStaticSlots[static_slot(name)];
    return entry != 0 && http::equals_lower(name, kStaticTable[entry - 1].name) ? entry : 0;
}

}  // namespace switchyard::http2
