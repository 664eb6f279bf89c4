using FsCheck;
using FsCheck.Fluent;
using Zurg.Loops;
using Zurg.Protocol;
using static Zurg.Tests.Loops.Store.StoreTestExtensions;

namespace Zurg.Tests.Loops.Store;

public abstract partial class StateStoreConformance
{
    private protected virtual int ProgramsMax => 100;

    [Fact]
    public void Any_program_does_the_same_to_the_store_and_to_its_model() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(ProgramsMax),
            Prop.ForAll(ArbMap.Default.ArbFor<(byte Verb, byte Key, byte Argument)[]>(), Agrees));

    private bool Agrees((byte Verb, byte Key, byte Argument)[] program)
    {
        var store = NewStoreAsync().GetAwaiter().GetResult();
        return StoreModel.AgreesAsync(store, program).GetAwaiter().GetResult();
    }
}

/// <summary>The slow and obvious store: every revision's whole content, kept for ever.</summary>
internal sealed class StoreModel(IStateStore store, Revision start)
{
    private readonly List<SortedDictionary<string, (string Value, long Modified)>> _states = [new(StringComparer.Ordinal)];
    private readonly List<string[]> _changes = [[]];
    private long _compacted = start.Value;

    private long Newest => start.Value + _states.Count - 1;

    public static async Task<bool> AgreesAsync(IStateStore store, (byte Verb, byte Key, byte Argument)[] program)
    {
        var model = new StoreModel(store, (await store.ListAsync()).Revision);
        foreach (var (verb, key, argument) in program)
        {
            await model.StepAsync(verb, key, argument);
        }

        await model.CommitAsync([], [Put("end", "")]);
        for (var at = model._compacted; at <= model.Newest; at++)
        {
            await model.CheckListAsync(at);
        }

        await model.CheckWatchAsync(model._compacted);
        await model.CheckWatchAsync((model._compacted + model.Newest - 1) / 2);
        return true;
    }

    private async Task StepAsync(byte verb, byte key, byte argument)
    {
        var (mine, next, other) = (Key(key), Key(key + 1), Key(key + 2));
        switch (verb % 8)
        {
            case 0 or 1:
                await CommitAsync([], [Put(mine, $"{argument}")]);
                break;
            case 2:
                await CommitAsync([Expect(mine, Modified(mine))], [Put(mine, $"{argument}")]);
                break;
            case 3:
                await CommitAsync([Expect(mine, Modified(mine).Next), Expect(next, Modified(next))], [Put(mine, "never")]);
                break;
            case 4:
                await CommitAsync([], [Remove(mine)]);
                break;
            case 5:
                var expected = argument % 2 == 0 ? Modified(other) : new Revision(start.Value + argument);
                await CommitAsync([Expect(other, expected)], [Remove(next), Put(mine, $"{argument}"), Put(other, "both")]);
                break;
            case 6:
                var upTo = start.Value + (argument % _states.Count);
                await store.CompactAsync(new Revision(upTo), CancellationToken.None);
                _compacted = Math.Max(_compacted, upTo);
                break;
            default:
                await CheckListAsync(start.Value + (argument % _states.Count));
                break;
        }
    }

    private async Task CommitAsync(StoreExpectation[] expectations, StoreWrite[] writes)
    {
        var outcome = await store.TryAsync(expectations, writes);
        string[] conflicts = [.. expectations.Where(e => Modified(e.Key) != e.Modified).Select(e => e.Key)];
        if (conflicts.Length > 0)
        {
            Assert.Equal(conflicts, Assert.IsType<CommitOutcome.Refused>(outcome).Conflicts);
            return;
        }

        var state = new SortedDictionary<string, (string Value, long Modified)>(_states[^1], StringComparer.Ordinal);
        var changes = new List<string>();
        foreach (var write in writes)
        {
            if (write.Value.Text() is { } value)
            {
                state[write.Key] = (value, Newest + 1);
                changes.Add($"{write.Key}={value}@{Newest + 1}");
            }
            else if (state.Remove(write.Key))
            {
                changes.Add($"{write.Key}=-@{Newest + 1}");
            }
        }

        _states.Add(state);
        _changes.Add([.. changes.Order(StringComparer.Ordinal)]);
        Assert.Equal(Newest, Assert.IsType<CommitOutcome.Committed>(outcome).Revision.Value);
    }

    private async Task CheckListAsync(long at)
    {
        if (at < _compacted)
        {
            await Assert.ThrowsAsync<StoreCompactedException>(() => store.ListAsync("", new Revision(at)));
            return;
        }

        var expected = _states[(int)(at - start.Value)].Select(e => $"{e.Key}={e.Value.Value}@{e.Value.Modified}");
        Assert.Equal(expected, (await store.ListAsync("", new Revision(at))).Lines());
    }

    private async Task CheckWatchAsync(long after)
    {
        var seen = (await store.WatchUntilAsync("", new Revision(after), "end")).SelectMany(s => s.Changes).ToArray();
        var expected = _changes.Skip((int)(after - start.Value) + 1).SelectMany(lines => lines);
        Assert.Equal(seen.OrderBy(c => c.Modified.Value), seen);
        Assert.Equal(
            expected, seen.OrderBy(c => c.Modified.Value).ThenBy(c => c.Line(), StringComparer.Ordinal).Select(c => c.Line()));
    }

    private Revision Modified(string key) => new(_states[^1].TryGetValue(key, out var entry) ? entry.Modified : 0);

    private static string Key(int number) => "abcde"[number % 5].ToString();
}
