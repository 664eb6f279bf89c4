namespace Zurg.Protocol;

/// <summary>A number that only grows; a JSON number.</summary>
public interface ICounter<TSelf> : IParsable<TSelf>, IComparable<TSelf> where TSelf : struct, ICounter<TSelf>
{
    long Value { get; }

    static abstract TSelf Wrap(long value);
}
