using System.Globalization;
using System.Text;

namespace Zurg.Agent.Templates;

/// <summary>What a template makes is longer than it may be, or takes longer to make.</summary>
internal sealed class TooMuchException(string text) : Exception(text);

/// <summary>Takes what a template makes and stops it: a loop in a loop in a loop over a large service fills any memory.</summary>
internal sealed class BoundedWriter(int lengthMax, TimeSpan within, TimeProvider time) : TextWriter(CultureInfo.InvariantCulture)
{
    private readonly StringBuilder _text = new();
    private readonly long _began = time.GetTimestamp();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        Check(1);
        _text.Append(value);
    }

    public override void Write(string? value)
    {
        Check(value?.Length ?? 0);
        _text.Append(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        Check(count);
        _text.Append(buffer, index, count);
    }

    public override void Write(ReadOnlySpan<char> buffer)
    {
        Check(buffer.Length);
        _text.Append(buffer);
    }

    public override string ToString() => _text.ToString();

    private void Check(int more)
    {
        if (_text.Length + more > lengthMax)
        {
            throw new TooMuchException($"makes a file of more than {lengthMax} characters");
        }

        if (time.GetElapsedTime(_began) > within)
        {
            throw new TooMuchException($"takes more than {within.TotalSeconds:0} s to render");
        }
    }
}
