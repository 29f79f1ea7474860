// What mutate.py puts into a copy of the source: every change is compiled in, and DANGGOL_MUTANT=N makes the
// N-th.
//
//   a < b     a < swap<std::less<>, std::less_equal<>>(N) < b    two operators of the same rank keep the
//   others' places a += b    a += change<std::minus<>>(N) += b !a        Not{N}->*a a && b    both(N, [&] {
//   return a; }, [&] { return b; })       what is not needed is not evaluated 1         (is(N) ? 2 : 1)
#pragma once

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace danggol::mutant {

inline bool is(int number) {
  static const int chosen = [] {
    const char* text = std::getenv("DANGGOL_MUTANT");
    return text ? std::atoi(text) : 0;
  }();
  return chosen == number;
}

template <class From, class To>
struct Swap {
  int number;
};
template <class From, class To>
Swap<From, To> swap(int number) {
  return {number};
}

// The left side of an operator and what it is to be.
template <class From, class To, class Left>
struct Half {
  Left&& left;
  int number;
  template <class Right>
  auto with(Right&& right) && {
    return is(number) ? To{}(std::forward<Left>(left), std::forward<Right>(right))
                      : From{}(std::forward<Left>(left), std::forward<Right>(right));
  }
};

#define DANGGOL_MUTANT_OPERATOR(op)                                    \
  template <class From, class To, class Left>                          \
  Half<From, To, Left> operator op(Left&& left, Swap<From, To> swap) { \
    return {std::forward<Left>(left), swap.number};                    \
  }                                                                    \
  template <class From, class To, class Left, class Right>             \
  auto operator op(Half<From, To, Left>&& half, Right&& right) {       \
    return std::move(half).with(std::forward<Right>(right));           \
  }
DANGGOL_MUTANT_OPERATOR(<)
DANGGOL_MUTANT_OPERATOR(<=)
DANGGOL_MUTANT_OPERATOR(>)
DANGGOL_MUTANT_OPERATOR(>=)
DANGGOL_MUTANT_OPERATOR(==)
DANGGOL_MUTANT_OPERATOR(!=)
DANGGOL_MUTANT_OPERATOR(+)
DANGGOL_MUTANT_OPERATOR(-)
DANGGOL_MUTANT_OPERATOR(*)
DANGGOL_MUTANT_OPERATOR(/)
#undef DANGGOL_MUTANT_OPERATOR

// The right side of an assignment that changes its left one.
template <class To, class Right>
struct Amount {
  Right&& right;
  int number;
};
template <class To>
struct Change {
  int number;
  template <class Right>
  Amount<To, Right> operator+=(Right&& right) && {
    return {std::forward<Right>(right), number};
  }
  template <class Right>
  Amount<To, Right> operator-=(Right&& right) && {
    return {std::forward<Right>(right), number};
  }
};
template <class To>
Change<To> change(int number) {
  return {number};
}
template <class Left, class To, class Right>
Left& operator+=(Left& left, Amount<To, Right>&& amount) {
  if (is(amount.number)) left = static_cast<Left>(To{}(left, amount.right));
  else left += std::forward<Right>(amount.right);
  return left;
}
template <class Left, class To, class Right>
Left& operator-=(Left& left, Amount<To, Right>&& amount) {
  if (is(amount.number)) left = static_cast<Left>(To{}(left, amount.right));
  else left -= std::forward<Right>(amount.right);
  return left;
}

struct Not {
  int number;
};
template <class Value>
bool operator->*(Not negation, const Value& value) {
  return is(negation.number) ? static_cast<bool>(value) : !value;
}

template <class Left, class Right>
bool both(int number, Left&& left, Right&& right) {
  return is(number) ? left() || right() : left() && right();
}
template <class Left, class Right>
bool either(int number, Left&& left, Right&& right) {
  return is(number) ? left() && right() : left() || right();
}

// A text in which "\1N\2changed\2as it is\3" stands for either.
inline std::string resolved(std::string_view text) {
  std::string out;
  for (size_t mark; (mark = text.find('\1')) != text.npos;) {
    size_t changed = text.find('\2', mark), same = text.find('\2', changed + 1), end = text.find('\3', same);
    bool is_chosen = is(std::atoi(std::string(text.substr(mark + 1, changed - mark - 1)).c_str()));
    out += text.substr(0, mark);
    out += is_chosen ? text.substr(changed + 1, same - changed - 1) : text.substr(same + 1, end - same - 1);
    text.remove_prefix(end + 1);
  }
  return out += text;
}

}  // namespace danggol::mutant
