// How the lists are ordered. Every order ends with the row id, so that equal posts never swap places between pages.
//
//   new   newest first
//   top   highest score first
//   hot   sign(score) * log10(max(|score|, 1)) + created / 45,000 s: ten times the votes weigh as much as being
//         twelve and a half hours younger. It depends on the post alone and not on the time of reading, so it is
//         stored, indexed and recomputed only when a vote changes.
// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace forum {

enum class Order { hot, newest, top };

std::optional<Order> order_named(std::string_view name);
std::string_view name_of(Order order);

double hot_rank(std::int64_t score, std::int64_t created_at_ms);

}  // namespace forum
