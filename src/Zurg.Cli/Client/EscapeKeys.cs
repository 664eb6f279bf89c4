namespace Zurg.Cli.Client;

/// <summary>
/// What is typed for a terminal elsewhere. With every key passed on, a connection that hangs could not be left: at the beginning
/// of a line '~.' is for zurg itself, and '~~' is one '~', as with ssh and rlogin.
/// </summary>
internal sealed class EscapeKeys
{
    private const byte Escape = (byte)'~';
    private const byte Cut = (byte)'.';

    private bool _lineBegins = true;
    private bool _held;

    /// <returns>What is to be passed on; null: cut the connection.</returns>
    public byte[]? Pass(ReadOnlySpan<byte> typed)
    {
        var passed = new List<byte>(typed.Length + 1);
        foreach (var key in typed)
        {
            if (_held && key == Cut)
            {
                return null;
            }

            if (_lineBegins && !_held && key == Escape)
            {
                _held = true;
                continue;
            }

            if (_held && key != Escape)
            {
                passed.Add(Escape);
            }

            passed.Add(key);
            _held = false;
            _lineBegins = key is (byte)'\r' or (byte)'\n';
        }

        return [.. passed];
    }
}
