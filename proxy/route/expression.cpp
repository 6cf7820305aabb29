#include "proxy/route/expression.h"

namespace switchyard::route {
namespace {

thread_local unsigned thread_number = 0;

}  // namespace

Expression::Expression(std::string pattern, unsigned workers, bool groups)
    : pattern_(std::move(pattern)), groups_(groups), copies_(workers + 1) {
    copies_[0] = made();
    refused_ = copies_[0] == nullptr;
}

std::unique_ptr<const re2::RE2> Expression::made() const {
    return groups_ ? config::grouping_expression_of(pattern_) : config::expression_of(pattern_);
}

const re2::RE2& Expression::mine() const {
    auto& copy = copies_.at(thread_number);
    if (!copy) copy = made();
    return *copy;
}

bool Expression::found_in(std::string_view value) const {
    return !refused_ && config::found_in(mine(), value);
}

bool Expression::take(std::string_view value, std::span<std::string_view> into) const {
    return !refused_ && config::take_groups(mine(), value, into);
}

void Expression::this_thread_is(unsigned number) {
    thread_number = number;
}

}  // namespace switchyard::route
