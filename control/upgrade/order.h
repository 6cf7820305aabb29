// What an upgrade is asked to be, by an operator or by the program that is to take over.
//
// Threads: plain value. Units: milliseconds.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace switchyard::control::upgrade {

struct Order {
    // Longer ones are typing errors: what drains holds a whole process.
    static constexpr std::chrono::hours kLongestDrain{24};
    static constexpr std::chrono::hours kLongestProbation{1};

    std::string binary;  // absolute; empty: the program has come by itself
    std::chrono::milliseconds drain_within{std::chrono::minutes{10}};
    std::chrono::milliseconds probation{std::chrono::seconds{30}};
    bool cut_oldest = false;  // where as many processes drain already as may
    std::string by;
};

// As a program that has come says it in its first message; what it does not say is as above. Throws where a value is of
// another kind.
Order order_of(const nlohmann::ordered_json& hello);
// What of an order is said there.
void say_order(nlohmann::ordered_json& hello, const Order& order);
// Empty: it may be so.
std::string why_not(const Order& order);

}  // namespace switchyard::control::upgrade
