// What every verb shares: the options for the call, how answers are printed, and the exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/cli/admin_client.h"
#include "control/cli/exit_code.h"
#include "control/cli/safe_text.h"

namespace switchyard::control::cli {

struct Options {
    ClientSettings client;
    bool json = false;
    bool dry_run = false;
    bool force = false;
    std::string reason;
    std::string if_match;
    std::string idempotency_key;
};

// The verb that was chosen leaves here what is to be done.
using Action = std::function<int()>;

// Adds a verb with its example; options of reading calls.
CLI::App* add_verb(CLI::App& app, Options& options, const std::string& name, const std::string& what,
                   const std::string& example);
// The further options of a call that changes something.
void add_change_options(CLI::App& verb, Options& options);
// Of calls that move traffic.
void add_force_option(CLI::App& verb, Options& options);
// Of calls that act but answer no receipt.
void add_call_options(CLI::App& verb, Options& options);

// Makes a changing call and prints its receipt: 0 only when every worker has adopted it, else 3.
int change(const Options& options, const std::string& method, const std::string& path, const Json& body);
// The same, without printing: for verbs that go on after it.
ClientAnswer send_change(const Options& options, const std::string& method, const std::string& path, const Json& body);
// … with a body that goes as it was written, so that its mistakes are found where they are.
ClientAnswer send_change_text(const Options& options, const std::string& method, const std::string& path,
                              const std::string& body, const std::vector<std::string>& queries = {});
int print_receipt(const Options& options, const ClientAnswer& answer);

// Makes a reading call and prints the answer with `print`, or as JSON.
int show(const Options& options, const std::string& path, const std::function<void(const Json&)>& print);
int print_problem(const Options& options, const ClientAnswer& answer);

// Columns as wide as their widest cell (in characters, not bytes).
void print_table(const std::vector<std::vector<std::string>>& rows);
// As a terminal may show it.
std::string text_of(const Json& value);
// Of what a drain counts for an upstream; "17 requests, 2 streams, 1 tunnel".
bool nothing_in_flight(const Json& count);
std::string in_flight_words(const Json& count);

}  // namespace switchyard::control::cli
