#include "simulate/clock.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace danggol {
namespace {

TEST(Clock, TellsDaysToTheLastBitWhereItsSpeedIsAlwaysOne) {
  Clock clock;
  for (double day : {0.0, 31.0, 59.0}) clock.set(day, 1);
  Random random(1);
  for (int i = 0; i < 1'000; ++i) {
    double day = 1'000 * random.uniform();
    EXPECT_EQ(clock.time(day), day);
    EXPECT_EQ(clock.day(day), day);
  }
  EXPECT_EQ(clock.steady_until(5), HUGE_VAL);
}

TEST(Clock, ADayOnWhichItStandsIsNeverAnswered) {
  Clock clock;
  clock.set(0, 0);
  clock.set(10, 3);
  clock.set(20, 0);
  clock.set(25, 0.7);
  EXPECT_EQ(clock.time(10), 0);
  EXPECT_EQ(clock.time(22), 30);
  EXPECT_EQ(clock.day(0), 10);
  EXPECT_EQ(clock.day(30), 25);
  EXPECT_EQ(clock.steady_until(12), 20);
  Random random(2);
  for (int i = 0; i < 10'000; ++i) {
    double time = 40 * random.uniform(), day = clock.day(time);
    EXPECT_GT(clock.speed(day), 0);
    EXPECT_NEAR(clock.time(day), time, 1e-12);
  }
  EXPECT_GT(clock.speed(clock.day(std::nextafter(30, 0))), 0);
}

}  // namespace
}  // namespace danggol
