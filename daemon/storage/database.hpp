// SPDX-License-Identifier: GPL-2.0-or-later
// Owners of SQLite's connection, statement and transaction. Inside this folder faults travel as
// Failure; at_port() turns them into Error. Knows nothing of Sluice's tables.
#pragma once

#include "common/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::storage {

// Never leaves the adapter.
class Failure : public std::exception {
public:
    explicit Failure(Error error) : error_(std::move(error)) {}
    const Error& error() const noexcept { return error_; }
    const char* what() const noexcept override { return error_.context.c_str(); }

private:
    Error error_;
};

// Runs `body` at the edge of this folder: what it throws becomes an Error of the journal.
template <class Body>
auto at_port(const char* what, Body&& body) -> Result<decltype(body())> {
    try {
        if constexpr (std::is_void_v<decltype(body())>) {
            body();
            return {};
        } else {
            return body();
        }
    } catch (const Failure& failure) {
        return Error(failure.error()).in(what).in("journal");
    } catch (const std::exception& fault) {
        return Error{Errc::internal, fault.what()}.in(what).in("journal");
    }
}

// Removes the file of a database and what SQLite may have left beside it. No connection may be
// open.
void remove_database(const std::string& path) noexcept;

// One connection; one thread at a time.
class Database {
public:
    enum class Access { read_write, read_only };

    // read_write creates the file with mode 0600 and removes wider rights of an existing one.
    // ":memory:" is for tests. Throws Failure.
    Database(const std::string& path, Access access, std::chrono::milliseconds busy_timeout);

    // One or more statements without parameters or results.
    void execute(const char* sql);
    std::int64_t last_insert_id() const noexcept;
    // Rows that the last INSERT, UPDATE or DELETE changed.
    int changes() const noexcept;
    // A single integer, such as a pragma's value.
    std::int64_t integer(const char* sql);
    // Copies the whole database, as it is when the call begins, over the file `path` (mode 0600),
    // which is not a journal in use. `go_on` is called after each 256 KiB; false: stop
    // (unavailable).
    void copy_to(const std::string& path, const std::function<bool()>& go_on);

    sqlite3* raw() const noexcept { return raw_.get(); }

private:
    struct Close {
        void operator()(sqlite3* raw) const noexcept;
    };
    std::unique_ptr<sqlite3, Close> raw_;
};

// Prepared in the constructor, so always valid. Must not outlive its Database.
class Statement {
public:
    Statement(Database& database, std::string_view sql);

    // Binds all parameters in order, from the first on; text is copied.
    template <class... Values>
    Statement& bind(const Values&... values) {
        rewind();
        (bind_next(values), ...);
        return *this;
    }
    // Binds one more after those bound.
    template <class Value>
    void bind_more(const Value& value) {
        bind_next(value);
    }
    // True: a row can be read.
    bool step();
    // Steps to the end.
    void run();

    bool is_null(int column) const noexcept;
    std::int64_t integer(int column) const noexcept;
    bool flag(int column) const noexcept { return integer(column) != 0; }
    std::string text(int column) const;
    std::optional<std::int64_t> optional_integer(int column) const;
    std::optional<std::string> optional_text(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* raw) const noexcept;
    };
    void rewind() noexcept;
    void bind_next(std::int64_t value);
    void bind_next(int value) { bind_next(std::int64_t{value}); }
    void bind_next(bool value) { bind_next(std::int64_t{value ? 1 : 0}); }
    void bind_next(std::string_view value);
    void bind_next(const std::string& value) { bind_next(std::string_view{value}); }
    void bind_next(const char* value) { bind_next(std::string_view{value}); }
    void bind_next(std::nullopt_t);
    template <class Value>
    void bind_next(const std::optional<Value>& value) {
        if (value)
            bind_next(*value);
        else
            bind_next(std::nullopt);
    }

    Database& database_;
    std::unique_ptr<sqlite3_stmt, Finalize> raw_;
    int bound_ = 0;
};

// Takes the write lock at once, so that a busy database fails here and not half-way. Rolls back
// unless committed.
class Transaction {
public:
    explicit Transaction(Database& database);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();

private:
    Database& database_;
    bool open_ = true;
};

} // namespace sluice::storage
