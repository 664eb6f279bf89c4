using Zurg.Core;

namespace Zurg.Simulation;

/// <summary>What every simulated part shares: the clock, chance, and the list of what must not have happened.</summary>
internal sealed class Sim
{
    /// <summary>The first few tell what broke; a run that has lost its way would fill the rest with their consequences.</summary>
    private const int ViolationsMax = 20;

    private readonly List<Task> _activities = [];
    private Prng _prng;

    public Sim(ulong seed)
    {
        Seed = seed;
        _prng = new Prng(seed * 0x9E3779B97F4A7C15 + 1);
        Scheduler = new SimScheduler(seed);
        Time = new SimTime(Scheduler);
    }

    public ulong Seed { get; }

    public SimScheduler Scheduler { get; }

    public SimTime Time { get; }

    /// <summary>Broken promises, each with the virtual time at which it was seen.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>How often each thing worth happening has happened: a fault that never struck proves nothing.</summary>
    public SortedDictionary<string, int> Sometimes { get; } = new(StringComparer.Ordinal);

    public void Count(string what) => Sometimes[what] = Sometimes.GetValueOrDefault(what) + 1;

    public int Next(int exclusiveMax) => _prng.Next(exclusiveMax);

    public bool Chance(double probability) => _prng.NextDouble() < probability;

    public TimeSpan Milliseconds(int least, int most) => TimeSpan.FromMilliseconds(least + _prng.Next(most - least + 1));

    public Task Delay(TimeSpan time, CancellationToken stop) => Task.Delay(time, Time, stop);

    public void Violate(string what)
    {
        if (Violations.Count < ViolationsMax)
        {
            Violations.Add($"{Time.Elapsed:g}: {what}");
        }
    }

    public void Demand(bool holds, string what)
    {
        if (!holds)
        {
            Violate(what);
        }
    }

    /// <summary>Runs what somebody does until it ends or that one dies; anything else that ends it is a violation.</summary>
    public void Spawn(string who, Func<Task> activity) => _activities.Add(Scheduler.Start(async () =>
    {
        try
        {
            await activity();
        }
        catch (OperationCanceledException)
        {
            // Whose it was has died.
        }
        catch (Exception e)
        {
            Violate($"{who} ended: {e}");
        }
    }));
}
