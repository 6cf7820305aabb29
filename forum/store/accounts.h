// Users and what stands in their own row. Writing functions belong inside a change of the writer.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forum/domain/instant.h"
#include "forum/domain/role.h"
#include "forum/store/connection.h"

namespace forum {

struct Account {
    std::int64_t row = 0;
    std::string public_id;
    std::string username;
    std::string display_name;
    std::string about;
    std::string password_hash;
    Role role = Role::member;
    Instant created_at = 0;
    Instant banned_until = 0;
    std::string ban_reason;
    std::int64_t edit_version = 1;
};

std::optional<Account> account_named(Connection& connection, std::string_view username);
std::optional<Account> account_at(Connection& connection, std::int64_t row);

// Throws ConstraintError when the name is taken.
Account add_account(Connection& connection, std::string_view username, std::string_view password_hash, Role role,
                    Instant at);

void set_profile(Connection& connection, std::int64_t row, std::string_view display_name, std::string_view about);
void set_password_hash(Connection& connection, std::int64_t row, std::string_view password_hash);
void set_role(Connection& connection, std::int64_t row, Role role);
// `until` 0 lifts the ban.
void set_ban(Connection& connection, std::int64_t row, Instant until, std::string_view reason);

std::int64_t admins_counted(Connection& connection);

void add_setup_token(Connection& connection, std::string_view token_hash, Instant at);
// True when the token was there and there is no admin yet; then all set-up tokens are gone.
bool use_setup_token(Connection& connection, std::string_view token_hash);

}  // namespace forum
