// The sections of the forum: their order, and who may begin a post in them.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/instant.h"
#include "forum/domain/role.h"
#include "forum/store/connection.h"

namespace forum {

struct Category {
    std::int64_t row = 0;
    std::string slug;
    std::string name;
    std::string description;
    std::int64_t position = 0;
    Role posting_role = Role::member;
    std::int64_t edit_version = 1;
};

std::vector<Category> categories(Connection& connection);
std::optional<Category> category_named(Connection& connection, std::string_view slug);
// Throws ConstraintError when the slug is taken.
void add_category(Connection& connection, const Category& category, Instant at);
// Everything but the slug.
void set_category(Connection& connection, const Category& category);

// Reads something, to see whether anything can be read.
void try_to_read(Connection& connection);
// Writes something that changes nothing, to see whether anything can be stored.
void try_to_store(Connection& connection);

}  // namespace forum
